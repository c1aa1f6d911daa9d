/* SPDX-License-Identifier: MIT */
#include "ikev2/codec/fault.h"

const char *ike_verdict_name(enum ike_verdict verdict)
{
	switch (verdict) {
	case IKE_OK:
		return "ok";
	case IKE_MALFORMED:
		return "malformed";
	case IKE_IGNORE:
		return "ignore";
	case IKE_TOO_MANY:
		return "too many";
	case IKE_UNSUPPORTED_VERSION:
		return "unsupported version";
	case IKE_UNSUPPORTED_CRITICAL:
		return "unsupported critical payload";
	}
	return "unknown";
}
