#include "tests/lib/wire_tools.h"

static int write_to_buf(void *context, const void *bytes, size_t n)
{
    return buf_append(context, bytes, n);
}

int wire_encode_to_buf(const struct wire_message *m, struct buf *out)
{
    return wire_encode(m, (struct wire_writer){ write_to_buf, out });
}

const char *wire_kind_name(uint32_t kind)
{
    switch (kind) {
    case WIRE_HELLO:
        return "HELLO";
    case WIRE_READY:
        return "READY";
    case WIRE_RESULT:
        return "RESULT";
    case WIRE_HEARTBEAT:
        return "HEARTBEAT";
    case WIRE_NEED_MODEL:
        return "NEED_MODEL";
    case WIRE_BYE:
        return "BYE";
    case WIRE_HELLO_REPLY:
        return "HELLO_REPLY";
    case WIRE_TASK:
        return "TASK";
    case WIRE_MODEL:
        return "MODEL";
    case WIRE_HEARTBEAT_REPLY:
        return "HEARTBEAT_REPLY";
    case WIRE_HELLO_FIRST:
        return "HELLO_FIRST";
    case WIRE_REFUSED:
        return "REFUSED";
    case WIRE_BYE_REPLY:
        return "BYE_REPLY";
    case WIRE_CHALLENGE:
        return "CHALLENGE";
    case WIRE_CONTROL:
        return "CONTROL";
    case WIRE_CONTROL_REPLY:
        return "CONTROL_REPLY";
    case WIRE_CANCEL:
        return "CANCEL";
    default:
        return "?";
    }
}
