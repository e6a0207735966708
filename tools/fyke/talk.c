/*
 * Log and terminal.
 */
#include "tools/fyke/talk.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

const char *const talk_log_levels[] = { "debug", "info", "warn", "error",
                                        NULL };

const char *const talk_log_formats[] = { "text", "json", NULL };

void talk_log_init(struct log *log, const char *level, const char *format)
{
    enum log_level value;
    if (log_level_parse(level, &value) != 0)
        value = LOG_LEVEL_INFO;
    log_init(log, value);
    if (log_format_parse(format, &log->format) != 0)
        log->format = LOG_FORMAT_TEXT;
}

uint32_t talk_width(int fd)
{
    struct winsize size;
    if (isatty(fd) != 1)
        return 0;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col < 20)
        return 80;
    return size.ws_col;
}

char *talk_harmless(char *text)
{
    for (char *p = text; *p != '\0'; p++)
        if (((unsigned char)*p < 0x20 && *p != '\n') || *p == 0x7f)
            *p = '?';
    return text;
}

bool talk_wants_colour(void)
{
    const char *no = getenv("NO_COLOR");
    return no == NULL || no[0] == '\0';
}
