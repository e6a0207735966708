/*
 * Numbers and times to text.
 */
#include "tools/gen/line.h"

#include "proto/base/civil.h"

#include <string.h>

#define SECOND_NS INT64_C(1000000000)

static const char pairs[] = "00010203040506070809"
                            "10111213141516171819"
                            "20212223242526272829"
                            "30313233343536373839"
                            "40414243444546474849"
                            "50515253545556575859"
                            "60616263646566676869"
                            "70717273747576777879"
                            "80818283848586878889"
                            "90919293949596979899";

static char *pair(char *p, uint64_t n)
{
    memcpy(p, pairs + 2 * n, 2);
    return p + 2;
}

char *line_whole(char *p, uint64_t n)
{
    char reversed[20];
    char *at = reversed + sizeof reversed;
    while (n >= 100) {
        at -= 2;
        (void)pair(at, n % 100);
        n /= 100;
    }
    if (n >= 10) {
        at -= 2;
        (void)pair(at, n);
    } else {
        *--at = (char)('0' + n);
    }
    size_t length = (size_t)(reversed + sizeof reversed - at);
    memcpy(p, at, length);
    return p + length;
}

char *line_padded(char *p, uint64_t n, unsigned digits)
{
    char number[20];
    size_t length = (size_t)(line_whole(number, n) - number);
    for (size_t i = length; i < digits; i++)
        *p++ = '0';
    memcpy(p, number, length);
    return p + length;
}

char *line_number(char *p, double x, unsigned decimals)
{
    static const double scale[] = { 1, 10, 100, 1000, 10000 };
    double scaled = x * scale[decimals];
    uint64_t n = (uint64_t)((scaled < 0 ? -scaled : scaled) + 0.5);
    if (x < 0 && n > 0)
        *p++ = '-';
    switch (decimals) { /* constants divide faster */
    case 0:
        return line_whole(p, n);
    case 1:
        p = line_whole(p, n / 10);
        *p++ = '.';
        *p++ = (char)('0' + n % 10);
        return p;
    case 2:
        p = line_whole(p, n / 100);
        *p++ = '.';
        return pair(p, n % 100);
    case 3:
        p = line_whole(p, n / 1000);
        n %= 1000;
        *p++ = '.';
        *p++ = (char)('0' + n / 100);
        return pair(p, n % 100);
    default:
        p = line_whole(p, n / 10000);
        n %= 10000;
        *p++ = '.';
        p = pair(p, n / 100);
        return pair(p, n % 100);
    }
}

void line_time_init(struct line_time *t)
{
    t->second = INT64_MIN;
}

/* The second's text, anew only where it differs from the last one. */
static void refresh(struct line_time *t, int64_t second)
{
    int64_t day = second / 86400, of_day = second % 86400;
    if (t->second == INT64_MIN || day != t->second / 86400 || second < 0)
        (void)civil_format_ms(second * SECOND_NS, t->text, sizeof t->text);
    if (second >= 0) {
        (void)pair(t->text + 11, (uint64_t)of_day / 3600);
        (void)pair(t->text + 14, (uint64_t)of_day / 60 % 60);
        (void)pair(t->text + 17, (uint64_t)of_day % 60);
    }
    t->second = second;
}

char *line_stamp(struct line_time *t, char *p, int64_t time_ns, bool ms)
{
    int64_t second = time_ns / SECOND_NS - (time_ns % SECOND_NS < 0);
    if (second != t->second)
        refresh(t, second);
    memcpy(p, t->text, 19);
    if (!ms)
        return p + 19;
    p[19] = '.';
    uint64_t part = (uint64_t)(time_ns - second * SECOND_NS) / 1000000;
    p[20] = (char)('0' + part / 100);
    return pair(p + 21, part % 100);
}

char *line_text(char *p, const char *text)
{
    while (*text != '\0')
        *p++ = *text++;
    return p;
}
