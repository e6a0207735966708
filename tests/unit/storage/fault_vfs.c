#include "fault_vfs.h"

#include <sqlite3.h>
#include <string.h>

struct fault_file {
    sqlite3_file base;
    sqlite3_file *real; /* in the memory behind this struct */
};

static sqlite3_vfs vfs;
static sqlite3_vfs *real_vfs;
static int armed_kinds, armed_code;
static long armed_left;
static bool fired;

static int fault_of(enum fault_kind kind)
{
    if ((armed_kinds & (int)kind) == 0 || armed_left == 0 || --armed_left > 0) {
        return SQLITE_OK;
    }
    fired = true;
    return armed_code;
}

#define REAL(f) (((struct fault_file *)(f))->real)
#define PASS(name, parameters, arguments)                                      \
    static int file_##name parameters                                          \
    {                                                                          \
        return REAL(f)->pMethods->x##name arguments;                           \
    }

PASS(Close, (sqlite3_file * f), (REAL(f)))
PASS(FileSize, (sqlite3_file * f, sqlite3_int64 *n), (REAL(f), n))
PASS(Lock, (sqlite3_file * f, int level), (REAL(f), level))
PASS(Unlock, (sqlite3_file * f, int level), (REAL(f), level))
PASS(CheckReservedLock, (sqlite3_file * f, int *out), (REAL(f), out))
PASS(FileControl, (sqlite3_file * f, int op, void *p), (REAL(f), op, p))
PASS(SectorSize, (sqlite3_file * f), (REAL(f)))
PASS(DeviceCharacteristics, (sqlite3_file * f), (REAL(f)))
PASS(ShmMap, (sqlite3_file * f, int page, int n, int extend, void volatile **p),
     (REAL(f), page, n, extend, p))
PASS(ShmLock, (sqlite3_file * f, int offset, int n, int flags),
     (REAL(f), offset, n, flags))
PASS(ShmUnmap, (sqlite3_file * f, int remove), (REAL(f), remove))

static void file_ShmBarrier(sqlite3_file *f)
{
    REAL(f)->pMethods->xShmBarrier(REAL(f));
}

static int file_Read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    int rc = fault_of(FAULT_READ);
    return rc != SQLITE_OK ? rc : REAL(f)->pMethods->xRead(REAL(f), p, n, at);
}

static int file_Write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    int rc = fault_of(FAULT_WRITE);
    if (rc == SQLITE_OK) {
        return REAL(f)->pMethods->xWrite(REAL(f), p, n, at);
    }
    /* a short write before the failure, as a full disk leaves it */
    (void)REAL(f)->pMethods->xWrite(REAL(f), p, n / 2, at);
    return rc;
}

static int file_Truncate(sqlite3_file *f, sqlite3_int64 n)
{
    int rc = fault_of(FAULT_TRUNCATE);
    return rc != SQLITE_OK ? rc : REAL(f)->pMethods->xTruncate(REAL(f), n);
}

static int file_Sync(sqlite3_file *f, int flags)
{
    int rc = fault_of(FAULT_SYNC);
    return rc != SQLITE_OK ? rc : REAL(f)->pMethods->xSync(REAL(f), flags);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_Close,
    .xRead = file_Read,
    .xWrite = file_Write,
    .xTruncate = file_Truncate,
    .xSync = file_Sync,
    .xFileSize = file_FileSize,
    .xLock = file_Lock,
    .xUnlock = file_Unlock,
    .xCheckReservedLock = file_CheckReservedLock,
    .xFileControl = file_FileControl,
    .xSectorSize = file_SectorSize,
    .xDeviceCharacteristics = file_DeviceCharacteristics,
    .xShmMap = file_ShmMap,
    .xShmLock = file_ShmLock,
    .xShmBarrier = file_ShmBarrier,
    .xShmUnmap = file_ShmUnmap,
};

static int vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *f,
                    int flags, int *ret_flags)
{
    struct fault_file *file = (struct fault_file *)f;
    (void)v;
    memset(file, 0, (size_t)vfs.szOsFile);
    int rc = fault_of(FAULT_OPEN);
    if (rc != SQLITE_OK) {
        return rc;
    }
    file->real = (sqlite3_file *)(file + 1);
    rc = real_vfs->xOpen(real_vfs, name, file->real, flags, ret_flags);
    if (file->real->pMethods != NULL) {
        file->base.pMethods = &methods;
    }
    return rc;
}

static int vfs_delete(sqlite3_vfs *v, const char *name, int sync)
{
    (void)v;
    int rc = fault_of(FAULT_DELETE);
    return rc != SQLITE_OK ? rc : real_vfs->xDelete(real_vfs, name, sync);
}

void fault_vfs_install(void)
{
    if (real_vfs != NULL) {
        return;
    }
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "fault";
    vfs.pNext = NULL;
    vfs.szOsFile += (int)sizeof(struct fault_file);
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    (void)sqlite3_vfs_register(&vfs, 1);
}

void fault_vfs_arm(int kinds, long nth, int code)
{
    armed_kinds = kinds;
    armed_left = nth;
    armed_code = code;
    fired = false;
}

bool fault_vfs_disarm(void)
{
    armed_left = 0;
    return fired;
}
