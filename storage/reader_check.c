/*
 * What must hold in a file: SQLite's own check, then ours. Each of ours is a
 * query that gives one line per finding and nothing when all is well.
 */
#include "storage/reader_impl.h"

#define FINDINGS_PER_CHECK 20

static const char *const invariant[] = {
    "select 'meta: last batch '||last_batch||', table batch ends in '"
    "||ifnull((select max(batch) from batch),0) from meta "
    "where last_batch<>ifnull((select max(batch) from batch),0)",

    "select 'batch '||(batch-1)||' is missing' from batch b "
    "where batch>(select min(batch) from batch) "
    "and not exists(select 1 from batch p where p.batch=b.batch-1)",

    "select 'batch '||batch||': state_batch '||state_batch||' is not before it'"
    " from batch where state_batch>=batch",

    "select 'batch '||batch||': '||records||' records are not '||rows_scored"
    "||' scored + '||rows_quarantined||' quarantined' from batch "
    "where records<>rows_scored+rows_quarantined",

    "select 'batch '||batch||': '||records||' records, but its ranges have '"
    "||n from (select batch,records,(select ifnull(sum(records),0) from "
    "batch_range r where r.batch=b.batch) n from batch b) where records<>n",

    "select 'batch '||batch||': '||rows_quarantined||' quarantined, but '||n"
    "||' are kept' from (select batch,rows_quarantined,(select "
    "ifnull(sum(records),0) from bad_record q where q.batch=b.batch) n "
    "from batch b) where rows_quarantined<>n",

    "select 'batch '||batch||': '||rows_flagged||' flagged, but '||n"
    "||' are kept' from (select batch,rows_flagged,(select count(*) from "
    "answer a where a.batch=b.batch and a.flagged=1) n from batch b) "
    "where rows_flagged<>n and batch>(select min(batch) from batch)",

    "select 'batch '||batch||': '||rows_kept||' scores noted, '||n||' kept' "
    "from (select batch,rows_kept,(select count(*) from score s where "
    "s.batch=b.batch) n from batch b) where rows_kept<>n",

    "select 'batch '||batch||': bytes '||from_position||'..'||to_position||"
    "' overlap, '||before||' was read already' from (select "
    "batch,from_position,to_position,"
    "lag(to_position) over(partition by source,partition order by batch,n) "
    "before from batch_range where source in (select source from source "
    "where kind in ('file','stdin-file'))) where from_position<before",

    "select 'source '||s.source||': position '||s.position||', but its last "
    "batch ends at '||r.to_position from source s join batch_range r on "
    "r.source=s.source and r.partition=s.partition and r.batch=(select "
    "max(batch) from batch_range where source=s.source and partition="
    "s.partition) where s.kind in ('file','stdin-file') and "
    "s.position<r.to_position",

    "select 'answers of batch '||batch||', which is not there' from answer "
    "where batch not in (select batch from batch) group by batch",

    "select 'a reason of batch '||batch||', row '||row||' without its answer'"
    " from reason r where not exists(select 1 from answer a where "
    "a.batch=r.batch and a.row=r.row and a.detector=r.detector) and not "
    "exists(select 1 from opinion o where o.batch=r.batch and o.row=r.row and "
    "o.detector=r.detector)",

    "select 'an opinion of batch '||batch||', row '||row||' without the answer"
    " that it stands beside' from opinion o where not exists(select 1 from "
    "answer a where a.batch=o.batch and a.row=o.row and "
    "a.detector<>o.detector)",

    "select 'batch '||batch||', row '||row||' has '||count(*)||' answers' "
    "from answer group by batch,row having count(*)>1",

    "select 'answer of batch '||a.batch||', row '||a.row||': '||a.votes||"
    "' votes, but '||n||' detectors reach the limit' from (select a.batch,"
    "a.row,a.votes,(a.below*1000000>=b.flag*a.of)+(select count(*) from "
    "opinion o where o.batch=a.batch and o.row=a.row and "
    "o.below*1000000>=b.flag*o.of) n from answer a join batch b on "
    "b.batch=a.batch) a where a.votes<>n",

    "select 'answer of batch '||a.batch||', row '||a.row||': flagged '||"
    "a.flagged||' with '||a.votes||' votes of '||b.votes||' that flag' from "
    "answer a join batch b on b.batch=a.batch where "
    "a.flagged<>(a.votes>=b.votes)",

    "select 'opinion of batch '||batch||', row '||row||': below '||below||"
    "' of '||of from opinion where below>=of or of<1",

    "select 'answer of batch '||batch||', row '||row||': below '||below||"
    "' of '||of from answer where below>=of or of<1",

    "select 'what batch '||b.batch||' taught is missing' from batch b "
    "where b.batch>(select max(batch)-32 from batch) and b.batch not in "
    "(select batch from state_delta)",

    "select 'record of batch '||batch||', row '||row||' is not JSON' from "
    "answer where record is not null and not json_valid(record)",
};

static int append_findings(const struct db *d, const char *sql,
                           struct buf *findings, int *count,
                           struct fault *fault)
{
    sqlite3_stmt *q = NULL;
    int err = db_prepare(d, sql, &q, fault);
    for (int n = 0; err == 0; n++) {
        err = db_step(d, q, fault);
        if (err != 1) {
            break;
        }
        ++*count;
        err = n == FINDINGS_PER_CHECK
                  ? buf_append_text(findings, "...and more of this kind\n")
                  : buf_printf(findings, "%s\n", db_column_text(q, 0));
        if (n == FINDINGS_PER_CHECK) {
            break;
        }
    }
    (void)sqlite3_finalize(q);
    return err;
}

int reader_check(struct reader *r, struct buf *findings, struct fault *fault)
{
    int count = 0;
    int err = append_findings(
        r->d,
        "select integrity_check from pragma_integrity_check(100) "
        "where integrity_check<>'ok'",
        findings, &count, fault);
    for (size_t i = 0; i < sizeof invariant / sizeof invariant[0] && err == 0;
         i++) {
        err = append_findings(r->d, invariant[i], findings, &count, fault);
    }
    return err != 0 ? err : count;
}
