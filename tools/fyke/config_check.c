/*
 * The checks of the start that need nothing but settings.
 */
#include "tools/fyke/config_check.h"

#include "engine/shell/detecting.h"
#include "engine/shell/pace_input.h"
#include "engine/shell/tuning.h"
#include "proto/link/link.h"

#include <stdlib.h>
#include <string.h>

static int check_db_mode(const struct settings *s, struct fault *fault)
{
    char *end;
    unsigned long mode = strtoul(s->db_mode, &end, 8);
    if (*s->db_mode != '\0' && *end == '\0' && mode > 0 && mode <= 0777)
        return ERR_OK;
    return fault_set(fault, ERR_USAGE,
                     "db_mode: %.60s: say an octal mode such as 0600 or 0640",
                     s->db_mode);
}

static int check_pace(const struct settings *s, struct fault *fault)
{
    struct pace_input pace;
    return pace_input_parse(s->pace, &pace, fault);
}

static int check_delimiter(const struct settings *s, struct fault *fault)
{
    const char *d = s->schema.delimiter;
    if (d == NULL || strlen(d) == 1 || strcmp(d, "tab") == 0 ||
        strcmp(d, "\\t") == 0)
        return ERR_OK;
    return fault_set(fault, ERR_USAGE, "delimiter: %.60s: say one byte, or tab",
                     d);
}

static int check_listen(const struct settings *s, struct fault *fault)
{
    return s->listen == NULL ? ERR_OK : link_url_check(s->listen, fault);
}

static int check_interval(const struct settings *s, struct fault *fault)
{
    struct coord_tuning tuning;
    return tuning_make(s, true, 0, &tuning, fault);
}

static int check_detector(const struct settings *s, struct fault *fault)
{
    struct detect_config c = detecting_config(s);
    struct detect_set set;
    int err = detecting_set(s, &set, fault);
    /* as few features as these settings can be for */
    return err != 0 ? err : detect_set_check(&set, &c, c.extension + 1, fault);
}

static const struct {
    const char *setting;
    int (*check)(const struct settings *s, struct fault *fault);
} checks[] = {
    { "db_mode", check_db_mode },       { "pace", check_pace },
    { "delimiter", check_delimiter },   { "listen", check_listen },
    { "interval_min", check_interval }, { "trees", check_detector },
};

void config_check(const struct config_layers *l,
                  void (*problem)(void *context, const char *setting,
                                  const char *text),
                  void *context)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        struct fault fault = { 0 };
        if (checks[i].check(&l->values.settings, &fault) != 0)
            problem(context, checks[i].setting, fault.text);
    }
}
