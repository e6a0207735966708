/*
 * Labels against scores.
 */
#include "tools/fyke/score_label.h"

#include "engine/ingest/label.h"
#include "proto/base/text.h"

#include <stdlib.h>
#include <string.h>

int label_metrics_print(const struct metrics *m, struct buf *out)
{
    char number[32];
    if (m->anomalies == 0)
        return buf_append_text(out, "nothing to measure: no row is labelled as "
                                    "an anomaly");
    if (m->ordinary == 0)
        return buf_append_text(out, "nothing to measure: every row is labelled "
                                    "as an anomaly (0 and words like false or "
                                    "normal are ordinary)");
    return buf_printf(out,
                      "AUROC %.4f, average precision %.4f, precision at %s "
                      "%.4f",
                      m->auroc, m->average_precision,
                      text_count(m->anomalies, number, sizeof number),
                      m->precision_at_n);
}

/* Higher is stranger. */
static uint64_t strangeness(const struct detect_result *r, uint32_t row)
{
    return r->order == DETECT_LOWER_STRANGER ? UINT32_MAX - r->score[row]
                                             : r->score[row];
}

/* Rows with a label and an answer. Returns how many. */
static uint64_t entries_fill(const struct batch_input *b,
                             const struct detect_result *r, uint64_t *entry)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < b->rows; i++)
        if (b->label[i] != LABEL_MISSING && r->bin[i] != DETECT_NO_BIN)
            entry[n++] = strangeness(r, i) << 1 | (b->label[i] != 0);
    return n;
}

static void print_counts(const struct score_input *in, struct buf *out)
{
    const struct batch_input *b = &in->batch;
    uint64_t count[3] = { 0 }; /* missing, ordinary, anomaly */
    char anomalies[32], ordinary[32], missing[32];
    for (uint32_t i = 0; i < b->rows; i++)
        count[b->label[i] + 1]++;
    (void)buf_printf(out, "  label     %s: %s %s, %s ordinary, %s missing\n",
                     in->schema->column[in->schema->label_column].name,
                     text_count(count[2], anomalies, sizeof anomalies),
                     count[2] == 1 ? "anomaly" : "anomalies",
                     text_count(count[1], ordinary, sizeof ordinary),
                     text_count(count[0], missing, sizeof missing));
}

static void print_measured(const char *name, uint64_t *entry, uint64_t count,
                           struct buf *out)
{
    struct metrics m;
    metrics_of_rows(entry, count, &m);
    (void)buf_printf(out, "            %s%s", name,
                     name[0] != '\0' ? ": " : "");
    (void)label_metrics_print(&m, out);
    (void)buf_append_char(out, '\n');
}

/* Of several detectors each, and what their votes come to: severities. */
static void print_several(const struct score_input *in,
                          const struct score_detect *found, uint64_t *entry,
                          struct buf *out)
{
    const struct batch_input *b = &in->batch;
    uint64_t count = 0;
    for (uint32_t d = 0; d < found->detectors.count; d++) {
        count = entries_fill(b, &found->run[d].result, entry);
        print_measured(found->detectors.ops[d]->name, entry, count, out);
    }
    count = 0;
    for (uint32_t i = 0; i < b->rows; i++) {
        struct verdict_severity s = verdict_severity_of(&found->verdict, i);
        double share = (double)s.below / (double)s.of;
        uint64_t bits;
        memcpy(&bits, &share, sizeof bits); /* ascends with the share */
        if (b->label[i] != LABEL_MISSING && s.answered)
            entry[count++] = bits << 1 | (b->label[i] != 0);
    }
    print_measured("severity", entry, count, out);
}

int score_label_print(const struct score_input *in,
                      const struct score_detect *found, struct buf *out)
{
    const struct batch_input *b = &in->batch;
    if (b->label == NULL)
        return ERR_OK;
    uint64_t *entry = malloc((b->rows + (size_t)1) * sizeof *entry);
    if (entry == NULL)
        return ERR_NOMEM;
    print_counts(in, out);
    if (found->detectors.count > 1)
        print_several(in, found, entry, out);
    else
        print_measured("", entry, entries_fill(b, &found->run[0].result, entry),
                       out);
    free(entry);
    return out->err;
}
