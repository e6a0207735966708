/*
 * The views: the stable contract with everybody who types SQL.
 *
 * severity     floor(10^6 x below / of) / 10^4. A limit has at most four
 *              decimals, so `severity >= 99.9` in SQL says exactly what the
 *              engine's integer comparison said; rounding would not (below
 *              9989999, of 10000000 would read 99.9).
 * time         the event's time; without one, when its batch was cut.
 * incidents    gaps and islands: a flagged row a minute or more behind the
 *              one before it (same key, by time) starts a new one.
 */
#include "storage/schema.h"

#include "proto/base/hash.h"

/* Milliseconds since 1970, rounded down; strftime keeps them exactly. */
#define MS(ns) "((" ns ")/1000000-((" ns ")%1000000<0))"
#define TIME_TEXT(ns)                                                          \
    "strftime('%Y-%m-%d %H:%M:%f'," MS(ns) "/1000.0,'unixepoch')"
#define TIME_OF "ifnull(a.time_ns,b.cut_ns)"
#define SEVERITY "a.below*1000000/a.of/10000.0"
/* A detector's severity where it is not the one that decides. */
#define OPINION_OF(what, name)                                                 \
    "(select " what " from opinion o where o.batch=a.batch and o.row=a.row"    \
    " and o.detector='" name "')"
#define SEVERITY_BY(name)                                                      \
    "case a.detector when '" name "' then " SEVERITY                           \
    " else " OPINION_OF("o.below*1000000/o.of/10000.0", name) " end"
#define UNSIGNED(c) "iif(" c "<0,printf('%u'," c ")," c ")"
#define MSEC(us) "round(" us "/1000.0,3)"
/* What is left of total_us is waiting: for its turn, for the writer. */
#define STEPS "(queue_us+compute_us+merge_us+ifnull(commit_us,0))"
#define SETTING_OF(name)                                                       \
    "(select s.value from setting s where s.name='" name                       \
    "' and s.from_batch<=b.batch order by s.from_batch desc,s.id desc limit "  \
    "1)"

/* The hash of the model that a batch was scored with, "" = its own forest. */
#define MODEL_OF "ifnull(" SETTING_OF("model") ",'')"

struct view {
    const char *name;
    const char *select;
};

/* clang-format off */

/* The parts of `anomalies` and `candidates`, which end with the input's own
 * columns. */
static const char rows_head[] =
    "select " TIME_TEXT(TIME_OF) " as time,"
    TIME_OF "/1000000000.0 as unix,a.key as key,"
    SEVERITY " as severity,"
    "cast(round(1.0*a.of/(a.of-a.below)) as integer) as one_in,"
    "a.score as score,"
    "round(1.0*a.reference_rows/(a.reference_rows+1000),3) as confidence,"
    "ifnull(a.votes,a.flagged) as votes,"
    SEVERITY_BY("iforest") " as iforest," SEVERITY_BY("dbscan") " as dbscan,"
    "ifnull(a.cluster," OPINION_OF("o.cluster", "dbscan") ") as cluster,"
    "a.why as why,a.batch as batch,a.row as row,"
    "r.source as source,a.line as line,a.record as record";

static const char rows_from[] =
    " from answer a join batch b on b.batch=a.batch"
    " join batch_range r on r.batch=a.batch and r.n=a.range_n";

static const struct view view[] = {
    {"incidents",
     "with flagged as (select " TIME_OF " as ns,a.key as key,"
     SEVERITY " as severity,a.score as score,a.why as why,"
     "a.batch as batch,a.row as row"
     " from answer a join batch b on b.batch=a.batch where a.flagged=1),"
     "gapped as (select *,ns-lag(ns) over w>=60000000000 as gap from flagged"
     " window w as (partition by key order by ns,batch,row)),"
     "island as (select *,sum(ifnull(gap,0)) over"
     " (partition by key order by ns,batch,row rows unbounded preceding)"
     " as n from gapped),"
     "ranked as (select *,row_number() over best as place,"
     "min(ns) over members as first_ns,max(ns) over members as last_ns,"
     "count(*) over members as rows_in from island window"
     " members as (partition by key,n),"
     "best as (partition by key,n"
     " order by severity desc,score desc,ns,batch,row))"
     "select " TIME_TEXT("first_ns") " as started,"
     TIME_TEXT("last_ns") " as ended,"
     "round((last_ns-first_ns)/1000000000.0,3) as seconds,"
     "key,rows_in as rows,severity,score,why,batch,row"
     " from ranked where place=1"},

    {"reasons",
     "select " TIME_TEXT(TIME_OF) " as time,a.key as key,a.batch as batch,"
     "a.row as row,e.detector as detector,e.rank as rank,"
     "e.feature as feature,e.value as value,e.usual as usual,"
     "case e.direction when 1 then 'high' when -1 then 'low' end as direction,"
     "e.contribution as contribution"
     " from answer a join batch b on b.batch=a.batch"
     " join reason e on e.batch=a.batch and e.row=a.row where a.flagged=1"},

    {"batches",
     "select batch," TIME_TEXT("opened_ns") " as opened,cut_reason,"
     "iif(interval_us<0,null," MSEC("interval_us") ") as interval_ms,"
     "records as rows_in,rows_scored,rows_quarantined,rows_flagged,"
     MSEC("queue_us") " as queue_ms," MSEC("compute_us") " as compute_ms,"
     MSEC("worker_us") " as worker_ms," MSEC("merge_us") " as merge_ms,"
     MSEC("(total_us-" STEPS ")") " as wait_ms," MSEC("commit_us")
     " as commit_ms," MSEC("ifnull(total_us," STEPS ")") " as total_ms,overrun,"
     "iif(" MODEL_OF "='',batch,substr(" MODEL_OF ",1,16)) as model,"
     "flag/10000.0 as threshold," UNSIGNED("seed") " as seed,"
     "detector as detectors,ifnull(votes,1) as votes_needed from batch b"},

    {"quarantine",
     "select " TIME_TEXT("b.cut_ns") " as time,q.batch as batch,"
     "r.source as source,q.line as line,q.byte as byte,q.reason as reason,"
     "q.records as records,q.record as record"
     " from bad_record q join batch b on b.batch=q.batch"
     " join batch_range r on r.batch=q.batch and r.n=q.range_n"},

    {"scores",
     "select a.batch as batch,a.row as row," TIME_TEXT(TIME_OF) " as time,"
     "a.key as key,a.detector as detector,a.score as score,"
     SEVERITY " as severity,a.flagged as flagged,"
     "a.cluster as cluster,a.core as core"
     " from score a join batch b on b.batch=a.batch"},

    {"events",
     "select " TIME_TEXT("at_ns") " as time,what,name,old,new,first_batch,who"
     " from event order by id"},

    {"columns", "select name,type,role,reason from column_info order by n"},

    {"sources",
     "select source,partition,kind,identity,position,line,schema,open_end"
     " from source"},

    /* The models that are kept; then those of mode batch, where every batch
     * has one of its own, numbered like it. */
    {"models",
     "select substr(hash,1,16) as model,null as batch,kind as detector,"
     "null as algorithm,trees,subsample,null as fit_rows,null as seed,"
     "null as state_batch,features,nodes,length(payload) as bytes,origin,"
     TIME_TEXT("at_ns") " as since,hash from model"
     " union all "
     "select b.batch,b.batch,'iforest',b.algorithm,"
     "cast(" SETTING_OF("trees") " as integer),"
     "cast(" SETTING_OF("subsample") " as integer),"
     "cast(" SETTING_OF("fit_rows") " as integer),"
     UNSIGNED("b.seed") ",b.state_batch,null,null,null,null,null,null"
     " from batch b where b.rows_scored>0"
     " and instr(','||b.detector||',',',iforest,')>0"
     " and " MODEL_OF "=''"},

    {"workers",
     "select printf('%016x',worker_id) as worker,host,pid,tasks,"
     TIME_TEXT("joined_ns") " as joined," TIME_TEXT("heard_ns") " as heard"
     " from worker"},

    /* flag.NAME is what the command line said last, beside what holds. */
    {"settings",
     "select name,from_batch,value," TIME_TEXT("at_ns") " as at,actor,"
     "request_id from setting where name not glob 'flag.*' order by id"},

    {"silences",
     "select " TIME_TEXT("from_ns") " as started,"
     TIME_TEXT("to_ns") " as ended,"
     "round((to_ns-from_ns)/1000000000.0,3) as seconds,count as count"
     " from silence order by id"},
};

/* clang-format on */

static int append_view(struct buf *sql, const char *name)
{
    (void)buf_printf(sql, "drop view if exists %s;create view %s as ", name,
                     name);
    return sql->err;
}

static int append_rows_view(struct buf *sql, const struct view_columns *c,
                            const char *name, const char *extra,
                            const char *where)
{
    (void)append_view(sql, name);
    (void)buf_append_text(sql, rows_head);
    (void)buf_append_text(sql, extra);
    for (uint32_t i = 0; i < c->count; i++) {
        (void)buf_append_char(sql, ',');
        (void)view_column_expression(sql, &c->column[i]);
        (void)buf_append_text(sql, " as ");
        (void)view_name_quote(sql, c->column[i].name);
    }
    (void)buf_append_text(sql, rows_from);
    (void)buf_append_text(sql, where);
    return buf_append_char(sql, ';');
}

static int views_build(struct buf *sql, const struct view_columns *c)
{
    (void)append_rows_view(sql, c, "anomalies", "", " where a.flagged=1");
    (void)append_rows_view(sql, c, "candidates", ",a.flagged as flagged", "");
    for (size_t i = 0; i < sizeof view / sizeof view[0]; i++) {
        (void)append_view(sql, view[i].name);
        (void)buf_append_text(sql, view[i].select);
        (void)buf_append_char(sql, ';');
    }
    (void)buf_append_text(sql, "delete from readme;");
    return readme_build(sql, c);
}

static int views_replace(const struct db *d, struct buf *sql,
                         const struct view_columns *c, struct fault *fault)
{
    int err = views_build(sql, c);
    if (err != 0) {
        return fault_set(fault, err, "%s: views: %s", d->label, err_text(err));
    }
    int64_t hash = (int64_t)hash_bytes(DB_VERSION, sql->data, sql->length);
    int64_t stored = 0;
    err = db_integer(d, "select view_hash from meta", &stored, fault);
    if (err != 0 || stored == hash) {
        return err;
    }
    err = db_exec(d, buf_text(sql), fault);
    if (err != 0) {
        return err;
    }
    char update[64];
    (void)sqlite3_snprintf(sizeof update, update,
                           "update meta set view_hash = %lld", (long long)hash);
    return db_exec(d, update, fault);
}

int schema_views(const struct db *d, struct fault *fault)
{
    struct view_columns c;
    int err = view_columns_load(d, &c, fault);
    if (err != 0) {
        return err;
    }
    struct buf sql;
    buf_init(&sql, 64u << 20);
    err = views_replace(d, &sql, &c, fault);
    buf_release(&sql);
    view_columns_release(&c);
    return err;
}
