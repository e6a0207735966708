/*
 * The writer's statements, prepared once and kept (preparing one per row
 * halves the rate), and its transactions.
 */
#include "storage/store_impl.h"

#define SETTING_IS_OVER                                                        \
    "exists(select 1 from setting n where n.name=s.name and "                  \
    "n.from_batch<=?1 and (n.from_batch,n.id)>(s.from_batch,s.id))"

static const char *const sql_text[SQL_COUNT] = {
    [SQL_BEGIN] = "begin immediate",
    [SQL_COMMIT] = "commit",
    [SQL_ROLLBACK] = "rollback",
    [SQL_EPOCH] = "select 1 from meta where epoch=?1",
    [SQL_ADVANCE] =
        "update meta set last_batch=?1 where epoch=?2 and last_batch=?1-1",
    [SQL_BATCH] =
        "insert into batch(batch,state_batch,opened_ns,cut_ns,cut_reason,"
        "interval_us,overrun,records,rows_scored,rows_quarantined,"
        "rows_flagged,rows_kept,flag,seed,detector,algorithm,content_hash,"
        "result_hash,queue_us,compute_us,merge_us,worker_us,votes) "
        "values(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [SQL_COMMIT_US] =
        "update batch set commit_us=?2,total_us=?3 where batch=?1",
    [SQL_RANGE] =
        "insert into batch_range(batch,n,source,partition,from_position,"
        "to_position,from_line,records) values(?,?,?,?,?,?,?,?)",
    [SQL_SOURCE] = "update source set position=?,line=?,identity=?,open_end=? "
                   "where source=? and partition=?",
    [SQL_ANSWER] =
        "insert into answer(batch,row,detector,range_n,time_ns,key,score_raw,"
        "score,below,of,reference_rows,flagged,byte,line,why,record,votes,"
        "cluster,core) values(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [SQL_OPINION] =
        "insert into opinion(batch,row,detector,score_raw,score,below,of,"
        "reference_rows,cluster,core) values(?,?,?,?,?,?,?,?,?,?)",
    [SQL_REASON] =
        "insert into reason(batch,row,detector,rank,feature,value,usual,"
        "direction,contribution) values(?,?,?,?,?,?,?,?,?)",
    [SQL_BAD_RECORD] =
        "insert into bad_record(batch,row,range_n,records,byte,line,length,"
        "reason,record) values(?,?,?,?,?,?,?,?,?)",
    [SQL_SCORE] =
        "insert into score(batch,detector,row,time_ns,key,score_raw,score,"
        "below,of,flagged,cluster,core) values(?,?,?,?,?,?,?,?,?,?,?,?)",
    [SQL_DELTA] = "insert into state_delta(batch,learned,ingest) values(?,?,?)",
    [SQL_SNAPSHOT] = "insert into state_snapshot(batch,learned) values(?,?)",
    [SQL_EVENT] = "insert into event(at_ns,what,name,old,new,first_batch,who) "
                  "values(?,?,?,?,?,?,?)",
    [SQL_SILENCE] = "insert into silence(from_ns,to_ns,count) values(?,?,?)",
    [SQL_SETTING] =
        "insert into setting(name,from_batch,value,at_ns,actor,request_id) "
        "values(?,?,?,?,?,?)",
    /* With the value that held until then, as people were told it. */
    [SQL_REQUEST] =
        "select s.name,s.value,coalesce((select e.old from event e "
        "where e.what='set' and e.name=s.name and e.new=s.value "
        "and e.first_batch=s.from_batch order by e.id desc limit 1),"
        "(select p.value from setting p where p.name=s.name "
        "and p.from_batch<=s.from_batch and p.id<s.id "
        "order by p.from_batch desc,p.id desc limit 1),''),s.from_batch "
        "from setting s where s.request_id=?1 and s.name not glob 'flag.*' "
        "order by s.id",
    [SQL_WORKER_CLEAR] = "delete from worker",
    [SQL_WORKER] =
        "insert into worker(worker_id,host,pid,tasks,joined_ns,heard_ns) "
        "values(?,?,?,?,?,?)",
    [SQL_PAGE_COUNT] = "pragma page_count",
    [SQL_FREE_COUNT] = "pragma freelist_count",
    [SQL_FIRST_BATCH] = "select min(batch) from batch",
    [SQL_CUT_OF] = "select cut_ns from batch where batch=?1",
    [SQL_KEPT_BATCH] = "select min(batch) from batch where rows_kept>0",
    [SQL_KEPT_LESS] = "update batch set rows_kept=rows_kept-?2 where batch=?1",
    [SQL_DROP_SCORES] =
        "delete from score where (batch,detector,row) in (select batch,"
        "detector,row from score where batch=?1 limit ?2)",
    [SQL_DROP_REASONS] =
        "delete from reason where batch=?1 and row in (select row from answer "
        "where batch=?1 order by row,detector limit ?2)",
    [SQL_DROP_OPINIONS] =
        "delete from opinion where batch=?1 and row in (select row from answer "
        "where batch=?1 order by row,detector limit ?2)",
    [SQL_DROP_ANSWERS] =
        "delete from answer where rowid in (select rowid from answer "
        "where batch=?1 order by row,detector limit ?2)",
    [SQL_DROP_BAD] = "delete from bad_record where batch=?1",
    [SQL_DROP_RANGES] = "delete from batch_range where batch=?1",
    [SQL_DROP_BATCH] = "delete from batch where batch=?1",
    /* Models that such settings named, and no other one names. */
    [SQL_DROP_MODELS] =
        "delete from model where hash in (select s.value from setting s "
        "where s.name='model' and " SETTING_IS_OVER ") and hash not in "
        "(select s.value from setting s where s.name='model' and "
        "not " SETTING_IS_OVER ")",
    /* Settings that no batch from ?1 on can use any more. */
    [SQL_DROP_SETTINGS] = "delete from setting as s where " SETTING_IS_OVER,
    [SQL_DROP_EVENTS] =
        "delete from event where id in (select id from event where "
        "id<=(select max(id) from event)-?1 order by id limit ?2)",
    [SQL_DROP_SILENCES] =
        "delete from silence where id in (select id from silence where "
        "id<=(select max(id) from silence)-?1 order by id limit ?2)",
    [SQL_STATE_LOW] =
        "select min(ifnull((select min(batch) from state_delta),?1),"
        "ifnull((select min(batch) from state_snapshot),?1))",
    [SQL_STATE_NEXT] =
        "select min(batch) from state_snapshot where batch>?1 and batch<=?2",
    [SQL_STATE_SLICE] =
        "select sum(length(learned)+ifnull(length(ingest),0)) from "
        "(select learned,ingest from state_delta where batch<=?1 "
        "order by batch limit ?2)",
    [SQL_DROP_DELTAS] =
        "delete from state_delta where batch in (select batch from "
        "state_delta where batch<=?1 order by batch limit ?2)",
    [SQL_SNAPSHOTS_BELOW] =
        "select sum(length(learned)) from state_snapshot where batch<?1",
    [SQL_DROP_SNAPSHOTS] = "delete from state_snapshot where batch<?1",
    [SQL_FORGET_SNAPSHOTS] = "delete from state_snapshot where batch>?1",
    [SQL_VACUUM] = "pragma incremental_vacuum(512)",
};

int store_prepare(struct store *s, struct fault *fault)
{
    for (int i = 0; i < SQL_COUNT; i++) {
        int err = db_prepare(&s->db, sql_text[i], &s->q[i], fault);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

int store_run(struct store *s, enum sql_id id, struct fault *fault)
{
    return db_run(&s->db, s->q[id], fault);
}

static void bind_two(sqlite3_stmt *q, int64_t one, int64_t two)
{
    int parameters = sqlite3_bind_parameter_count(q);
    if (parameters > 0) {
        (void)sqlite3_bind_int64(q, 1, one);
    }
    if (parameters > 1) {
        (void)sqlite3_bind_int64(q, 2, two);
    }
}

int store_run_with(struct store *s, enum sql_id id, int64_t one, int64_t two,
                   struct fault *fault)
{
    bind_two(s->q[id], one, two);
    return db_run(&s->db, s->q[id], fault);
}

int store_integer(struct store *s, enum sql_id id, int64_t one, int64_t two,
                  int64_t *ret_value, struct fault *fault)
{
    sqlite3_stmt *q = s->q[id];
    bind_two(q, one, two);
    int err = db_step(&s->db, q, fault);
    if (err == 1 && sqlite3_column_type(q, 0) != SQLITE_NULL) {
        *ret_value = sqlite3_column_int64(q, 0);
        err = 0;
    } else if (err >= 0) {
        err = ERR_NOTFOUND;
    }
    (void)sqlite3_reset(q);
    return err;
}

void store_finalize(struct store *s)
{
    for (int i = 0; i < SQL_COUNT; i++) {
        (void)sqlite3_finalize(s->q[i]);
        s->q[i] = NULL;
    }
}

static int broken_fault(const struct store *s, struct fault *fault)
{
    return fault_set(fault, s->broken,
                     "%s: an earlier input/output error left it in doubt; "
                     "close and open it again",
                     s->db.label);
}

int store_begin(struct store *s, struct fault *fault)
{
    if (s->broken != 0) {
        return broken_fault(s, fault);
    }
    return store_wait_result(s, store_run(s, SQL_BEGIN, fault), fault);
}

int store_begin_ours(struct store *s, struct fault *fault)
{
    int err = store_begin(s, fault);
    if (err != 0) {
        return err;
    }
    int64_t one = 0;
    err = store_integer(s, SQL_EPOCH, s->meta.epoch, 0, &one, fault);
    if (err == ERR_NOTFOUND) {
        err = fault_set(fault, ERR_CLOSED, "%s was taken over by another fyke",
                        s->db.label);
    }
    return err == 0 ? 0 : store_end(s, err, fault);
}

static void rollback(struct store *s)
{
    if (!sqlite3_get_autocommit(s->db.sq) &&
        store_run(s, SQL_ROLLBACK, NULL) != 0 && s->broken == 0) {
        s->broken = ERR_IO; /* now only closing takes it back */
    }
}

/* An I/O error is not recoverable in place: what the connection then shows
 * need not be what the file holds. */
static int end_failed(struct store *s, int err)
{
    if (err == ERR_IO) {
        s->broken = ERR_IO;
    }
    rollback(s);
    return err;
}

int store_end(struct store *s, int err, struct fault *fault)
{
    if (err != 0) {
        return end_failed(s, err);
    }
    err = store_run(s, SQL_COMMIT, fault);
    if (err == 0 || err == ERR_FULL || err == ERR_BUSY) {
        return err == 0 ? 0 : end_failed(s, err);
    }
    int code = sqlite3_extended_errcode(s->db.sq);
    s->broken = ERR_UNKNOWN_OUTCOME;
    rollback(s);
    return fault_set(fault, ERR_UNKNOWN_OUTCOME,
                     "%s: %s while committing (SQLite code %d): whether it "
                     "was stored shows when the file is opened again",
                     s->db.label, sqlite3_errstr(code), code);
}
