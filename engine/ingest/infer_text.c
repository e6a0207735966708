/*
 * Why this file exists: tells text from everything else before anything tries
 * to read it, with a message that names the way out.
 */
#include "engine/ingest/infer.h"

#include <stdio.h>
#include <string.h>

#define HEAD_BYTES 4096u

struct magic {
    const char *bytes;
    size_t n;
    const char *what;
};

static const struct magic magics[] = {
    { "\x1f\x8b", 2, "gzip: zcat FILE | fyke run -" },
    { "\x28\xb5\x2f\xfd", 4, "zstd: zstdcat FILE | fyke run -" },
    { "\xfd"
      "7zXZ",
      5, "xz: xzcat FILE | fyke run -" },
    { "BZh", 3, "bzip2: bzcat FILE | fyke run -" },
    { "PK\x03\x04", 4,
      "a zip archive (or a spreadsheet): unpack or export it "
      "as CSV" },
    { "PAR1", 4, "Parquet: export it as CSV or NDJSON" },
    { "SQLite format 3", 15,
      "an SQLite database: sqlite3 -csv -header FILE "
      "'select ...' | fyke run -" },
    { "\xff\xfe", 2, "UTF-16: iconv -f UTF-16 -t UTF-8 FILE | fyke run -" },
    { "\xfe\xff", 2, "UTF-16: iconv -f UTF-16 -t UTF-8 FILE | fyke run -" },
};

static bool is_control(uint8_t c)
{
    return c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' &&
           c != 0x1b;
}

static int array_check(const uint8_t *bytes, size_t n, struct fault *fault)
{
    size_t i = 0;
    while (i < n && strchr(" \t\r\n", bytes[i]) != NULL && bytes[i] != 0)
        i++;
    if (i == n || bytes[i] != '[')
        return 0;
    for (i++; i < n && strchr(" \t\r\n", bytes[i]) != NULL && bytes[i] != 0;)
        i++;
    if (i == n || bytes[i] != '{')
        return 0;
    return fault_set(fault, ERR_CONTENT,
                     "one JSON array, not one object a line: "
                     "jq -c '.[]' FILE | fyke run -");
}

int infer_text_check(const uint8_t *bytes, size_t n, const char *delimiter,
                     struct fault *fault)
{
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (n >= magics[i].n &&
            memcmp(bytes, magics[i].bytes, magics[i].n) == 0)
            return fault_set(fault, ERR_CONTENT, "not text but %s",
                             magics[i].what);
    uint8_t allowed = delimiter != NULL ? (uint8_t)delimiter[0] : '\n';
    size_t head = n < HEAD_BYTES ? n : HEAD_BYTES, controls = 0;
    for (size_t i = 0; i < head; i++)
        controls += is_control(bytes[i]) && bytes[i] != allowed;
    bool early = memchr(bytes, 0, head < 64 ? head : 64) != NULL;
    if (early || controls * 50 > head)
        return fault_set(fault, ERR_CONTENT,
                         "not text: binary bytes (%zu of the first %zu are "
                         "control characters). Give CSV or NDJSON",
                         controls, head);
    return array_check(bytes, head, fault);
}

/* Most of the first lines begin with a brace. */
bool infer_text_is_ndjson(const uint8_t *bytes, size_t n)
{
    uint32_t lines = 0, braces = 0;
    const uint8_t *p = bytes, *end = bytes + n;
    while (p < end && lines < 20) {
        const uint8_t *newline = memchr(p, '\n', (size_t)(end - p));
        const uint8_t *stop = newline != NULL ? newline : end;
        while (p < stop && (*p == ' ' || *p == '\t' || *p == '\r'))
            p++;
        if (p < stop) {
            lines++;
            braces += *p == '{';
        }
        p = stop + 1;
    }
    return braces * 2 > lines;
}

int infer_frame(enum schema_format format, uint8_t delimiter,
                size_t record_bytes_max, const uint8_t *bytes, size_t n,
                bool complete, uint32_t records, struct block **ret_b)
{
    struct schema s = { .format = format, .delimiter = delimiter };
    size_t piece = 64u << 10;
    for (;;) {
        bool all = piece >= n;
        struct framer *f;
        struct block *b = NULL;
        int rc = framer_new(&s, record_bytes_max, 0, 1, &f);
        if (rc < 0)
            return rc;
        rc = framer_push(f, bytes, all ? n : piece, all && complete, &b);
        framer_free(f);
        if (rc < 0)
            return rc;
        if (all || (b != NULL && b->records >= records)) {
            *ret_b = b;
            return 0;
        }
        block_unref(b);
        piece *= 4;
    }
}

static void excerpt(const struct block *b, uint32_t i, char *out, size_t size)
{
    size_t n = b->length[i] < size - 1 ? b->length[i] : size - 1;
    for (size_t k = 0; k < n; k++) {
        uint8_t c = b->text[b->offset[i] + k];
        out[k] = c < 0x20 || c >= 0x7f ? '.' : (char)c;
    }
    out[n] = '\0';
}

int infer_nothing(const struct block *b, bool complete, struct fault *fault)
{
    if (b == NULL && !complete)
        return fault_set(fault, ERR_AGAIN, "no whole record yet");
    if (b == NULL)
        return fault_set(fault, ERR_CONTENT, "empty: there is no record");
    char text[400];
    size_t used = 0;
    for (uint32_t i = 0; i < b->records && i < 3; i++) {
        char shown[48];
        excerpt(b, i, shown, sizeof shown);
        int n = snprintf(text + used, sizeof text - used, "%sline %llu: %s: %s",
                         i > 0 ? "; " : "",
                         (unsigned long long)block_record_line(b, i),
                         bad_reason_text((enum bad_reason)b->status[i]), shown);
        used += n > 0 ? (size_t)n : 0;
    }
    return fault_set(fault, ERR_CONTENT,
                     "none of the first %u records is "
                     "usable. %s",
                     b->records, text);
}
