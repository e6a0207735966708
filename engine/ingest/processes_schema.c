/*
 * Why this file exists: the columns of host:processes are known beforehand,
 * but what a user names goes through the same rules as for any other input;
 * so the schema is inferred from two lines that show the types.
 */
#include "engine/ingest/source.h"

#include <math.h>
#include <string.h>

static const char model[] =
    "time,name,pid,cpu,rss,rss_growth,threads,read_Bps,write_Bps,"
    "switches_ps,faults_ps,open_files\n"
    "2020-01-01 00:00:00.000Z,a,2,0.25,4096,-0.5,3,0.5,0.5,0.5,0.5,9\n"
    "2020-01-01 00:00:00.100Z,b,3,0.75,8192,1.5,2,1.5,1.5,1.5,1.5,5\n";

int processes_schema(const struct schema_options *options,
                     struct schema **ret_s, struct fault *fault)
{
    static const char *key[] = { "name", "pid" };
    struct schema_options o = *options;
    struct schema *s;
    o.format = "csv";
    o.delimiter = ",";
    o.header = "yes";
    if (o.key.count == 0)
        o.key = (struct option_list){ .items = key, .count = 2 };
    int rc = schema_infer(&o, (const uint8_t *)model, sizeof model - 1, true,
                          &s, fault);
    if (rc < 0)
        return rc;
    s->header = false;
    s->data_start = 0;
    s->data_line = 1;
    s->sampled = 0;
    for (uint32_t i = 0; i < s->column_count; i++) {
        struct column *c = &s->column[i];
        c->seen = c->missing = 0;
        c->min = c->median = c->max = (double)NAN;
    }
    *ret_s = s;
    return 0;
}
