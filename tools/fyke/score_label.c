/*
 * Labels against scores.
 */
#include "tools/fyke/score_label.h"

#include "engine/ingest/label.h"
#include "proto/base/text.h"

#include <stdlib.h>

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

/* Rows with a label and an answer; NULL when there is no memory. */
static uint64_t *entries_make(const struct batch_input *b,
                              const struct detect_result *r,
                              uint64_t *ret_count)
{
    uint64_t *entry = malloc((b->rows + (size_t)1) * sizeof *entry);
    uint64_t n = 0;
    for (uint32_t i = 0; entry != NULL && i < b->rows; i++)
        if (b->label[i] != LABEL_MISSING && r->bin[i] != DETECT_NO_BIN)
            entry[n++] = strangeness(r, i) << 1 | (b->label[i] != 0);
    *ret_count = n;
    return entry;
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

int score_label_print(const struct score_input *in,
                      const struct score_detect *found, struct buf *out)
{
    if (in->batch.label == NULL)
        return ERR_OK;
    print_counts(in, out);
    for (uint32_t d = 0; d < found->detectors.count; d++) {
        struct metrics m;
        uint64_t count;
        uint64_t *entry =
            entries_make(&in->batch, &found->run[d].result, &count);
        if (entry == NULL)
            return ERR_NOMEM;
        metrics_of_rows(entry, count, &m);
        free(entry);
        (void)buf_printf(out, "            %s%s",
                         found->detectors.count > 1 ? found->run[d].ops->name
                                                    : "",
                         found->detectors.count > 1 ? ": " : "");
        (void)label_metrics_print(&m, out);
        (void)buf_append_char(out, '\n');
    }
    return out->err;
}
