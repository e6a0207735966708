/* Names and sizes of the wire's closed sets. */
#include "proto/wire/wire.h"

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
    case WIRE_CANCEL:
        return "CANCEL";
    default:
        return "?";
    }
}

uint32_t wire_type_bytes(uint32_t type)
{
    switch (type) {
    case WIRE_F32:
    case WIRE_U32:
        return 4;
    case WIRE_F64:
    case WIRE_U64:
        return 8;
    case WIRE_U8:
        return 1;
    case WIRE_U16:
        return 2;
    default:
        return 0;
    }
}
