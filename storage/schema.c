/*
 * Tables and their migrations. Names are singular; people read the views.
 *
 * What a batch computed (answer, reason, score, bad_record) holds nothing
 * that depends on a clock, an epoch, a worker or an attempt: the wall clock is
 * in `batch`. Unsigned 64-bit values are stored by their bits.
 */
#include "storage/schema.h"

static const char schema_1[] =
    "create table meta("
    " id integer primary key check(id = 1),"
    " run_id blob not null,"
    " epoch integer not null,"
    " last_batch integer not null,"
    " created_ns integer not null,"
    " view_hash integer not null) strict;"

    "create table source("
    " source text not null,"
    " partition text not null,"
    " kind text not null,"
    " identity text not null,"
    " position integer not null,"
    " line integer not null,"
    " schema text not null,"
    " open_end integer not null,"
    " primary key(source, partition)) strict, without rowid;"

    "create table column_info("
    " n integer primary key,"
    " name text not null,"
    " type text not null,"
    " role text not null,"
    " reason text not null) strict;"

    "create table setting("
    " id integer primary key,"
    " name text not null,"
    " from_batch integer not null,"
    " value text not null,"
    " at_ns integer not null,"
    " actor text,"
    " request_id text,"
    " unique(request_id, name)) strict;"
    "create index setting_name on setting(name, from_batch);"

    "create table batch("
    " batch integer primary key,"
    " state_batch integer not null,"
    " opened_ns integer,"
    " cut_ns integer,"
    " cut_reason text not null,"
    " interval_us integer not null,"
    " overrun integer not null,"
    " records integer not null,"
    " rows_scored integer not null,"
    " rows_quarantined integer not null,"
    " rows_flagged integer not null,"
    " rows_kept integer not null," /* of the table score */
    " flag integer not null,"
    " seed integer not null,"
    " detector text not null,"
    " algorithm integer not null,"
    " content_hash integer not null,"
    " result_hash integer not null,"
    " queue_us integer not null,"
    " compute_us integer not null,"
    " merge_us integer not null,"
    " commit_us integer) strict;"
    "create index batch_kept on batch(batch) where rows_kept > 0;"

    "create table batch_range("
    " batch integer not null,"
    " n integer not null,"
    " source text not null,"
    " partition text not null,"
    " from_position integer not null,"
    " to_position integer not null,"
    " from_line integer not null,"
    " records integer not null,"
    " primary key(batch, n)) strict, without rowid;"

    "create table answer("
    " batch integer not null,"
    " row integer not null,"
    " detector text not null,"
    " range_n integer not null,"
    " time_ns integer,"
    " key text,"
    " score_raw integer not null,"
    " score real,"
    " below integer not null,"
    " of integer not null,"
    " reference_rows integer not null,"
    " flagged integer not null,"
    " byte integer not null,"
    " line integer not null,"
    " why text not null,"
    " record text,"
    " primary key(batch, row, detector)) strict;"
    "create index answer_flagged on answer(batch, row) where flagged = 1;"

    "create table reason("
    " batch integer not null,"
    " row integer not null,"
    " detector text not null,"
    " rank integer not null,"
    " feature text not null,"
    " value real,"
    " usual real,"
    " direction integer not null,"
    " contribution real,"
    " primary key(batch, row, detector, rank)) strict, without rowid;"

    "create table bad_record("
    " batch integer not null,"
    " row integer not null,"
    " range_n integer not null,"
    " records integer not null,"
    " byte integer not null,"
    " line integer not null,"
    " length integer not null,"
    " reason text not null,"
    " record text,"
    " primary key(batch, row)) strict, without rowid;"

    "create table score("
    " batch integer not null,"
    " row integer not null,"
    " detector text not null,"
    " time_ns integer,"
    " key text,"
    " score_raw integer not null,"
    " score real,"
    " below integer not null,"
    " of integer not null,"
    " flagged integer not null,"
    " primary key(batch, detector, row)) strict, without rowid;"

    "create table state_delta("
    " batch integer primary key,"
    " learned blob not null,"
    " ingest blob) strict;"

    "create table state_snapshot("
    " batch integer primary key,"
    " learned blob not null) strict;"

    "create table event("
    " id integer primary key,"
    " at_ns integer not null,"
    " what text not null,"
    " name text,"
    " old text,"
    " new text,"
    " first_batch integer,"
    " who text) strict;"

    "create table silence("
    " id integer primary key,"
    " from_ns integer not null,"
    " to_ns integer not null,"
    " count integer not null) strict;"

    "create table worker("
    " worker_id integer primary key,"
    " host text,"
    " pid integer not null,"
    " tasks integer not null,"
    " joined_ns integer not null,"
    " heard_ns integer not null) strict;"

    "create table readme("
    " n integer primary key,"
    " question text not null,"
    " sql text not null) strict;";

static const char schema_2[] = "alter table batch add column worker_us integer;"
                               "alter table batch add column total_us integer;";

/* Models that stay as they are: a payload is a whole model file. */
static const char schema_model[] = "create table model("
                                   " hash text primary key not null,"
                                   " kind text not null,"
                                   " payload blob not null,"
                                   " features integer not null,"
                                   " trees integer not null,"
                                   " subsample integer not null,"
                                   " nodes integer not null,"
                                   " origin text not null,"
                                   " at_ns integer not null) strict;";

/* Several detectors: `answer` is what the batch says of a kept row, with the
 * score and the severity of the detector that decided; `opinion` is what each
 * of the others says of it. answer.votes is NULL in rows before, where
 * one detector's vote was the flag; batch.votes, how many flag a row, likewise
 * stands for 1. */
static const char schema_votes[] =
    "alter table batch add column votes integer;"
    "alter table answer add column votes integer;"
    "alter table answer add column cluster integer;"
    "alter table answer add column core integer;"
    "alter table score add column cluster integer;"
    "alter table score add column core integer;"
    "create table opinion("
    " batch integer not null,"
    " row integer not null,"
    " detector text not null,"
    " score_raw integer not null,"
    " score real,"
    " below integer not null,"
    " of integer not null,"
    " reference_rows integer not null,"
    " cluster integer,"
    " core integer,"
    " primary key(batch, row, detector)) strict,"
    " without rowid;";

/* Step k brings a file of version k to version k + 1. */
static const char *const schema_step[DB_VERSION] = { schema_1, schema_2,
                                                     schema_model,
                                                     schema_votes };

int schema_migrate(const struct db *d, int version, struct fault *fault)
{
    for (int k = version; k < DB_VERSION; k++) {
        int err = db_exec(d, schema_step[k], fault);
        if (err != 0) {
            return err;
        }
    }
    char sql[48];
    (void)sqlite3_snprintf(sizeof sql, sql, "pragma user_version = %d",
                           DB_VERSION);
    return db_exec(d, sql, fault);
}
