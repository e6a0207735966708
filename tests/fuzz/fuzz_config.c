/*
 * Arbitrary bytes as a configuration file, then every entry against the real
 * option table: no step outside the bytes, problems in order with places, and
 * fields within their limits.
 */
#include "proto/base/check.h"
#include "tools/fyke/config_file.h"
#include "tools/fyke/config_layers.h"
#include "tools/fyke/config_yaml.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void problems_check(const struct config_list *l)
{
    check(l->problem_count <= CONFIG_PROBLEMS_MAX);
    for (uint32_t i = 0; i < l->problem_count; i++) {
        const struct config_problem *p = &l->problem[i];
        check(p->at.line > 0 && p->at.column > 0 && p->text[0] != '\0');
        check(i == 0 || p[-1].at.line <= p->at.line);
    }
}

static void settings_check(const struct settings *s)
{
    check(s->max_rows >= 1 && s->max_rows <= 10000000);
    check(s->severity >= 50 && s->severity < 100);
    check(s->pipeline >= 1 && s->pipeline <= 16);
    check(!s->fresh && s->config == NULL); /* flags only */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_layers l;
    struct buf out;
    struct fault fault = { 0 };
    if (size > CONFIG_BYTES_MAX)
        return 0;
    if (config_layers_init_all(&l, NULL, 0, &fault) != 0 ||
        option_defaults(l.table, l.count, &l.values, &fault) != 0)
        abort();
    l.file.path = "fuzz";
    check(config_yaml_read(&l.file.list, data, size) == 0);
    config_file_apply(&l.file, l.table, l.count, NULL, &l.values, &l.scratch,
                      l.line);
    problems_check(&l.file.list);
    settings_check(&l.values.settings);
    buf_init(&out, 1u << 20);
    check(config_file_print_problems(&l.file, &out) == 0);
    for (size_t i = 0; i < l.count; i++)
        check(option_print(&l.table[i], &l.values, &out) != ERR_INVALID);
    buf_release(&out);
    config_layers_release(&l);
    return 0;
}
