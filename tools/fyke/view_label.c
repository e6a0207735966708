/*
 * Labels against scores, for summaries.
 */
#include "tools/fyke/view_label.h"

#include "proto/base/text.h"

static void print_metrics(const struct metrics *m, struct buf *out)
{
    char number[32];
    if (m->anomalies == 0)
        (void)buf_append_text(out, "nothing to measure: no row is labelled as "
                                   "an anomaly");
    else if (m->ordinary == 0)
        (void)buf_append_text(out,
                              "nothing to measure: every row is labelled as "
                              "an anomaly (0 and words like false or normal "
                              "are ordinary)");
    else
        (void)buf_printf(out,
                         "AUROC %.4f, average precision %.4f, precision at %s "
                         "%.4f",
                         m->auroc, m->average_precision,
                         text_count(m->anomalies, number, sizeof number),
                         m->precision_at_n);
    (void)buf_append_char(out, '\n');
}

int view_label_print(const char *column, const struct labels_measured *m,
                     struct buf *out)
{
    char anomalies[32], ordinary[32], missing[32];
    if (m->detectors == 0)
        return out->err;
    (void)buf_printf(out, "  label     %s: %s %s, %s ordinary, %s missing\n",
                     column,
                     text_count(m->anomalies, anomalies, sizeof anomalies),
                     m->anomalies == 1 ? "anomaly" : "anomalies",
                     text_count(m->ordinary, ordinary, sizeof ordinary),
                     text_count(m->missing, missing, sizeof missing));
    for (uint32_t d = 0; d < m->detectors; d++) {
        if (m->detectors > 1)
            (void)buf_printf(out, "  %-10s", m->name[d]);
        else
            (void)buf_append_text(out, "            ");
        print_metrics(&m->of[d], out);
    }
    if (m->detectors > 1) {
        (void)buf_append_text(out, "  severity  ");
        print_metrics(&m->severity, out);
    }
    return out->err;
}
