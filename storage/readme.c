/*
 * The table `readme`: questions that people ask, each with its query, ready
 * to paste. Where a query shows the input's own columns, it names those of
 * this input.
 */
#include "storage/schema.h"

#define SHOWN_MAX 4u /* own columns in a sample query */

struct sample {
    const char *question;
    const char *sql; /* `%` stands for the input's own columns, each + "," */
};

static const struct sample sample[] = {
    { "What was flagged in the last ten minutes?",
      "select time,key,severity,why from anomalies "
      "where time>=datetime('now','-10 minutes') order by time desc" },
    { "What are the strangest rows, with the input's own columns?",
      "select time,key,%severity,one_in,why,line from anomalies "
      "order by severity desc,score desc limit 20" },
    { "What does each detector say of what was flagged?",
      "select time,key,votes,iforest,dbscan,cluster,why from anomalies "
      "order by votes desc,severity desc,score desc limit 20" },
    { "What trouble was there, one line each?",
      "select started,seconds,key,rows,severity,why from incidents "
      "order by severity desc,score desc" },
    { "Which keys are flagged most?",
      "select key,count(*) n,max(severity) worst,min(time) first,max(time) "
      "last "
      "from anomalies group by key order by n desc,worst desc limit 20" },
    { "Which features are behind what was flagged today?",
      "select feature,direction,count(*) n from reasons "
      "where rank=1 and time>=date('now') group by 1,2 order by n desc" },
    { "Which features are behind everything that was flagged?",
      "select feature,direction,count(*) n,round(avg(value),3) mean,"
      "round(avg(usual),3) usual from reasons where rank=1 "
      "group by 1,2 order by n desc" },
    { "What would another severity limit have flagged?",
      "select sum(severity>=99) at_99,sum(severity>=99.5) at_99_5,"
      "sum(severity>=99.9) at_99_9 from candidates" },
    { "Which rows only just missed being flagged?",
      "select time,key,%severity,why,line from candidates "
      "where not flagged order by severity desc,score desc limit 20" },
    { "How many were flagged in each hour?",
      "select substr(time,1,13)||':00' hour,count(*) n,max(severity) worst "
      "from anomalies group by 1 order by 1" },
    { "Was every row that came in scored or put in quarantine?",
      "select sum(rows_in),sum(rows_scored)+sum(rows_quarantined) from "
      "batches" },
    { "Why were records put in quarantine?",
      "select reason,sum(records) n,min(line) first_line,min(record) example "
      "from quarantine group by reason order by n desc" },
    { "Which batches took longest, and where?",
      "select batch,opened,rows_in,queue_ms,compute_ms,merge_ms,commit_ms,"
      "total_ms,overrun from batches order by total_ms desc limit 5" },
    { "What happened, and who changed what?",
      "select time,what,name,old,new,first_batch,who from events order by "
      "time desc" },
    { "How is each column of the input used, and why?",
      "select name,type,role,reason from columns" },
    { "How far has the input been read?",
      "select source,kind,position,line from sources" },
    { "Which settings hold now?",
      "select name,value,from_batch,at,actor from settings s where from_batch="
      "(select max(from_batch) from settings where name=s.name) order by "
      "name" },
};

static int append_own(struct buf *out, const struct view_columns *c)
{
    uint32_t shown = 0;
    for (uint32_t i = 0; i < c->count && shown < SHOWN_MAX; i++) {
        if (c->column[i].shown) {
            (void)view_name_quote(out, c->column[i].name);
            (void)buf_append_char(out, ',');
            shown++;
        }
    }
    return out->err;
}

static int append_sql(struct buf *out, const char *sql,
                      const struct view_columns *c)
{
    for (; *sql != 0; sql++) {
        if (*sql == '%') {
            (void)append_own(out, c);
        } else {
            (void)buf_append_char(out, *sql);
        }
    }
    return out->err;
}

int readme_build(struct buf *sql, const struct view_columns *c)
{
    struct buf query;
    buf_init(&query, 1u << 20);
    for (size_t i = 0; i < sizeof sample / sizeof sample[0]; i++) {
        buf_reset(&query);
        int err = append_sql(&query, sample[i].sql, c);
        if (err != 0) {
            sql->err = err;
            break;
        }
        (void)buf_printf(sql, "insert into readme(n,question,sql) values(%zu,",
                         i + 1);
        (void)view_text_quote(sql, sample[i].question);
        (void)buf_append_char(sql, ',');
        (void)view_text_quote(sql, buf_text(&query));
        (void)buf_append_text(sql, ");");
    }
    buf_release(&query);
    return sql->err;
}
