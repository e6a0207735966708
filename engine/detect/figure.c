/* Numbers for people; most of them without printf, which takes as long as all
 * the rest of a kept row. */
#include "engine/detect/figure.h"

#include <math.h>
#include <stdint.h>

/* From here on five digits are whole numbers. Limits lie where the digits
 * shown round up to the next form. */
#define WHOLE_FROM 99999.5
#define SMALL_BELOW 1e-4
#define LARGE_FROM 9.995e14

/* printf's "%.5g" for SMALL_BELOW <= |value| < WHOLE_FROM. Scaled to five
 * digits a float is exact in a double (24 bits by at most 27), so that
 * rounding half to even gives what printf's exact decimals give. */
static int five_digits(struct buf *out, double value)
{
    static const double power[] = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8
    };
    char text[16], *at = text + sizeof text;
    double size = fabs(value);
    unsigned decimals = 0;
    while (decimals < 8 && size * power[decimals] < 10000.0)
        decimals++;
    uint32_t digits = (uint32_t)lrint(size * power[decimals]);
    for (; decimals > 0 && digits % 10 == 0; decimals--)
        digits /= 10;
    if (decimals > 0) {
        for (; decimals > 0; decimals--, digits /= 10)
            *--at = (char)('0' + digits % 10);
        *--at = '.';
    }
    do {
        *--at = (char)('0' + digits % 10);
    } while ((digits /= 10) > 0);
    if (value < 0.0)
        *--at = '-';
    return buf_append(out, at, (size_t)(text + sizeof text - at));
}

int figure_put(struct buf *out, float number)
{
    static const struct {
        double from, unit;
        const char *letter;
    } scale[] = { { 9.995e11, 1e12, "T" },
                  { 9.995e8, 1e9, "G" },
                  { 999999.5, 1e6, "M" } };
    double value = (double)number, size = fabs(value);
    if (size >= SMALL_BELOW && size < WHOLE_FROM)
        return five_digits(out, value);
    if (size == 0.0)
        return buf_append_char(out, '0');
    if (size < SMALL_BELOW || size >= LARGE_FROM)
        return buf_printf(out, "%.2e", value);
    for (unsigned i = 0; i < 3; i++)
        if (size >= scale[i].from)
            return buf_printf(out, "%.3g%s", value / scale[i].unit,
                              scale[i].letter);
    return buf_printf(out, "%.0f", value);
}
