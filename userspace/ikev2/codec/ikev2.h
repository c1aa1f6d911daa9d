/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The numbers of IKEv2 as IANA registers them ("Internet Key Exchange Version 2 (IKEv2)
 * Parameters"), the protocol's limits, and a name for each number. Bare section numbers are those
 * of RFC 7296. A value's name is its identifier without the prefix; fields that hold what a peer
 * sent are plain integers, so a value outside the enum is nothing special.
 */
#include <stdbool.h>
#include <stdint.h>

/* UDP ports, 2 and RFC 3948. */
#define IKE_PORT      500
#define IKE_NATT_PORT 4500

/* -------- the IKE header, 3.1 -------- */

#define IKE_VERSION_MAJOR 2
#define IKE_VERSION_MINOR 0
#define IKE_VERSION       (IKE_VERSION_MAJOR << 4 | IKE_VERSION_MINOR)

enum ike_flag {
	IKE_FLAG_INITIATOR = 0x08, /* from the original initiator of the IKE SA */
	IKE_FLAG_VERSION = 0x10,   /* could speak a higher major version; sent 0, ignored */
	IKE_FLAG_RESPONSE = 0x20,
};

enum ike_exchange {
	IKE_EXCHANGE_IKE_SA_INIT = 34,
	IKE_EXCHANGE_IKE_AUTH = 35,
	IKE_EXCHANGE_CREATE_CHILD_SA = 36,
	IKE_EXCHANGE_INFORMATIONAL = 37,
	IKE_EXCHANGE_IKE_SESSION_RESUME = 38, /* RFC 5723 */
	IKE_EXCHANGE_GSA_AUTH = 39,           /* RFC 9838 */
	IKE_EXCHANGE_GSA_REGISTRATION = 40,   /* RFC 9838 */
	IKE_EXCHANGE_GSA_REKEY = 41,          /* RFC 9838 */
	IKE_EXCHANGE_GSA_INBAND_REKEY = 42,   /* RFC 9838 */
	IKE_EXCHANGE_IKE_INTERMEDIATE = 43,   /* RFC 9242 */
	IKE_EXCHANGE_IKE_FOLLOWUP_KE = 44,    /* RFC 9370 */
};

/* -------- payloads, 3.2 -------- */

enum ike_payload_type {
	IKE_PAYLOAD_NONE = 0, /* ends a chain */
	IKE_PAYLOAD_SA = 33,
	IKE_PAYLOAD_KE = 34,
	IKE_PAYLOAD_IDI = 35,
	IKE_PAYLOAD_IDR = 36,
	IKE_PAYLOAD_CERT = 37,
	IKE_PAYLOAD_CERTREQ = 38,
	IKE_PAYLOAD_AUTH = 39,
	IKE_PAYLOAD_NONCE = 40,
	IKE_PAYLOAD_N = 41,
	IKE_PAYLOAD_D = 42,
	IKE_PAYLOAD_V = 43,
	IKE_PAYLOAD_TSI = 44,
	IKE_PAYLOAD_TSR = 45,
	IKE_PAYLOAD_SK = 46,
	IKE_PAYLOAD_CP = 47,
	IKE_PAYLOAD_EAP = 48,
	IKE_PAYLOAD_GSPM = 49, /* RFC 6467 */
	IKE_PAYLOAD_IDG = 50,  /* RFC 9838 */
	IKE_PAYLOAD_GSA = 51,  /* RFC 9838 */
	IKE_PAYLOAD_KD = 52,   /* RFC 9838 */
	IKE_PAYLOAD_SKF = 53,  /* RFC 7383 */
	IKE_PAYLOAD_PS = 54,   /* RFC 8019 */
};

/* -------- SA payload, 3.3 -------- */

enum ike_protocol {
	IKE_PROTOCOL_NONE = 0, /* in notifies that concern no existing SA, 3.10 */
	IKE_PROTOCOL_IKE = 1,
	IKE_PROTOCOL_AH = 2,
	IKE_PROTOCOL_ESP = 3,
	IKE_PROTOCOL_FC_ESP_HEADER = 4,        /* RFC 4595 */
	IKE_PROTOCOL_FC_CT_AUTHENTICATION = 5, /* RFC 4595 */
	IKE_PROTOCOL_GIKE_UPDATE = 6,          /* RFC 9838 */
};

enum ike_transform_type {
	IKE_TRANSFORM_ENCR = 1,
	IKE_TRANSFORM_PRF = 2,
	IKE_TRANSFORM_INTEG = 3,
	IKE_TRANSFORM_KE = 4,     /* "D-H" until RFC 9370 */
	IKE_TRANSFORM_ESN = 5,    /* "Sequence Numbers" since RFC 9827 */
	IKE_TRANSFORM_ADDKE1 = 6, /* additional key exchanges, RFC 9370 */
	IKE_TRANSFORM_ADDKE2 = 7,
	IKE_TRANSFORM_ADDKE3 = 8,
	IKE_TRANSFORM_ADDKE4 = 9,
	IKE_TRANSFORM_ADDKE5 = 10,
	IKE_TRANSFORM_ADDKE6 = 11,
	IKE_TRANSFORM_ADDKE7 = 12,
	IKE_TRANSFORM_KWA = 13,    /* RFC 9838 */
	IKE_TRANSFORM_GCAUTH = 14, /* RFC 9838 */
};

/* Transform attribute types, 3.3.5. */
enum ike_attribute {
	IKE_ATTRIBUTE_KEY_LENGTH = 14,
};
#define IKE_ATTRIBUTE_TV 0x8000 /* the attribute holds a 16-bit value instead of a length */

/* Encryption, 3.3.2, transform type 1. */
enum ike_encr {
	IKE_ENCR_DES_IV64 = 1,
	IKE_ENCR_DES = 2,
	IKE_ENCR_3DES = 3,
	IKE_ENCR_RC5 = 4,
	IKE_ENCR_IDEA = 5,
	IKE_ENCR_CAST = 6,
	IKE_ENCR_BLOWFISH = 7,
	IKE_ENCR_3IDEA = 8,
	IKE_ENCR_DES_IV32 = 9,
	IKE_ENCR_NULL = 11,
	IKE_ENCR_AES_CBC = 12,                  /* RFC 3602 */
	IKE_ENCR_AES_CTR = 13,                  /* RFC 5930 */
	IKE_ENCR_AES_CCM_8 = 14,                /* RFC 5282 */
	IKE_ENCR_AES_CCM_12 = 15,               /* RFC 5282 */
	IKE_ENCR_AES_CCM_16 = 16,               /* RFC 5282 */
	IKE_ENCR_AES_GCM_8 = 18,                /* RFC 5282 */
	IKE_ENCR_AES_GCM_12 = 19,               /* RFC 5282 */
	IKE_ENCR_AES_GCM_16 = 20,               /* RFC 5282 */
	IKE_ENCR_NULL_AUTH_AES_GMAC = 21,       /* RFC 4543 */
	IKE_ENCR_CAMELLIA_CBC = 23,             /* RFC 5529 */
	IKE_ENCR_CAMELLIA_CTR = 24,             /* RFC 5529 */
	IKE_ENCR_CAMELLIA_CCM_8 = 25,           /* RFC 5529 */
	IKE_ENCR_CAMELLIA_CCM_12 = 26,          /* RFC 5529 */
	IKE_ENCR_CAMELLIA_CCM_16 = 27,          /* RFC 5529 */
	IKE_ENCR_CHACHA20_POLY1305 = 28,        /* RFC 7634 */
	IKE_ENCR_AES_CCM_8_IIV = 29,            /* RFC 8750 */
	IKE_ENCR_AES_GCM_16_IIV = 30,           /* RFC 8750 */
	IKE_ENCR_CHACHA20_POLY1305_IIV = 31,    /* RFC 8750 */
	IKE_ENCR_KUZNYECHIK_MGM_KTREE = 32,     /* RFC 9227 */
	IKE_ENCR_MAGMA_MGM_KTREE = 33,          /* RFC 9227 */
	IKE_ENCR_KUZNYECHIK_MGM_MAC_KTREE = 34, /* RFC 9227 */
	IKE_ENCR_MAGMA_MGM_MAC_KTREE = 35,      /* RFC 9227 */
};

/* Pseudorandom functions, transform type 2. */
enum ike_prf {
	IKE_PRF_HMAC_MD5 = 1,
	IKE_PRF_HMAC_SHA1 = 2,
	IKE_PRF_HMAC_TIGER = 3,
	IKE_PRF_AES128_XCBC = 4,       /* RFC 4434 */
	IKE_PRF_HMAC_SHA2_256 = 5,     /* RFC 4868 */
	IKE_PRF_HMAC_SHA2_384 = 6,     /* RFC 4868 */
	IKE_PRF_HMAC_SHA2_512 = 7,     /* RFC 4868 */
	IKE_PRF_AES128_CMAC = 8,       /* RFC 4615 */
	IKE_PRF_HMAC_STREEBOG_512 = 9, /* RFC 9385 */
};

/* Integrity, transform type 3. */
enum ike_integ {
	IKE_INTEG_NONE = 0,
	IKE_INTEG_HMAC_MD5_96 = 1,
	IKE_INTEG_HMAC_SHA1_96 = 2,
	IKE_INTEG_DES_MAC = 3,
	IKE_INTEG_KPDK_MD5 = 4,
	IKE_INTEG_AES_XCBC_96 = 5,        /* RFC 3566 */
	IKE_INTEG_HMAC_MD5_128 = 6,       /* RFC 4595 */
	IKE_INTEG_HMAC_SHA1_160 = 7,      /* RFC 4595 */
	IKE_INTEG_AES_CMAC_96 = 8,        /* RFC 4494 */
	IKE_INTEG_AES_128_GMAC = 9,       /* RFC 4543 */
	IKE_INTEG_AES_192_GMAC = 10,      /* RFC 4543 */
	IKE_INTEG_AES_256_GMAC = 11,      /* RFC 4543 */
	IKE_INTEG_HMAC_SHA2_256_128 = 12, /* RFC 4868 */
	IKE_INTEG_HMAC_SHA2_384_192 = 13, /* RFC 4868 */
	IKE_INTEG_HMAC_SHA2_512_256 = 14, /* RFC 4868 */
};

/* Key exchange methods, transform type 4 and the additional ones. */
enum ike_ke_method {
	IKE_KE_NONE = 0,
	IKE_KE_MODP_768 = 1,
	IKE_KE_MODP_1024 = 2,
	IKE_KE_MODP_1536 = 5, /* RFC 3526, as those up to 18 */
	IKE_KE_MODP_2048 = 14,
	IKE_KE_MODP_3072 = 15,
	IKE_KE_MODP_4096 = 16,
	IKE_KE_MODP_6144 = 17,
	IKE_KE_MODP_8192 = 18,
	IKE_KE_ECP_256 = 19,           /* RFC 5903 */
	IKE_KE_ECP_384 = 20,           /* RFC 5903 */
	IKE_KE_ECP_521 = 21,           /* RFC 5903 */
	IKE_KE_MODP_1024_160 = 22,     /* RFC 5114 */
	IKE_KE_MODP_2048_224 = 23,     /* RFC 5114 */
	IKE_KE_MODP_2048_256 = 24,     /* RFC 5114 */
	IKE_KE_ECP_192 = 25,           /* RFC 5114 */
	IKE_KE_ECP_224 = 26,           /* RFC 5114 */
	IKE_KE_ECP_224_BP = 27,        /* RFC 6954 */
	IKE_KE_ECP_256_BP = 28,        /* RFC 6954 */
	IKE_KE_ECP_384_BP = 29,        /* RFC 6954 */
	IKE_KE_ECP_512_BP = 30,        /* RFC 6954 */
	IKE_KE_CURVE_25519 = 31,       /* RFC 8031 */
	IKE_KE_CURVE_448 = 32,         /* RFC 8031 */
	IKE_KE_GOST3410_2012_256 = 33, /* RFC 9385 */
	IKE_KE_GOST3410_2012_512 = 34, /* RFC 9385 */
	IKE_KE_ML_KEM_512 = 35,
	IKE_KE_ML_KEM_768 = 36,
	IKE_KE_ML_KEM_1024 = 37,
};

/* Sequence numbers of ESP and AH, transform type 5. */
enum ike_esn {
	IKE_ESN_NO_EXT_SEQ = 0,
	IKE_ESN_EXT_SEQ = 1,
	IKE_ESN_PARTIAL_64 = 2, /* RFC 9827 */
};

/* -------- identities, certificates, authentication -------- */

/* 3.5 */
enum ike_id_type {
	IKE_ID_IPV4_ADDR = 1,
	IKE_ID_FQDN = 2,
	IKE_ID_RFC822_ADDR = 3,
	IKE_ID_IPV6_ADDR = 5,
	IKE_ID_DER_ASN1_DN = 9,
	IKE_ID_DER_ASN1_GN = 10,
	IKE_ID_KEY_ID = 11,
	IKE_ID_FC_NAME = 12, /* RFC 4595 */
	IKE_ID_NULL = 13,    /* RFC 7619 */
};

/* 3.6 */
enum ike_cert_encoding {
	IKE_CERT_PKCS7_WRAPPED_X509 = 1,
	IKE_CERT_PGP = 2,
	IKE_CERT_DNS_SIGNED_KEY = 3,
	IKE_CERT_X509_SIGNATURE = 4,
	IKE_CERT_KERBEROS_TOKEN = 6,
	IKE_CERT_CRL = 7,
	IKE_CERT_ARL = 8,
	IKE_CERT_SPKI = 9,
	IKE_CERT_X509_ATTRIBUTE = 10,
	IKE_CERT_RAW_RSA_KEY = 11, /* replaced by 15 */
	IKE_CERT_HASH_URL_X509 = 12,
	IKE_CERT_HASH_URL_BUNDLE = 13,
	IKE_CERT_OCSP_CONTENT = 14,   /* RFC 4806 */
	IKE_CERT_RAW_PUBLIC_KEY = 15, /* RFC 7670 */
};

/* 3.8 */
enum ike_auth_method {
	IKE_AUTH_RSA_SIGNATURE = 1,
	IKE_AUTH_SHARED_KEY = 2,
	IKE_AUTH_DSS_SIGNATURE = 3,
	IKE_AUTH_ECDSA_256 = 9,          /* RFC 4754 */
	IKE_AUTH_ECDSA_384 = 10,         /* RFC 4754 */
	IKE_AUTH_ECDSA_521 = 11,         /* RFC 4754 */
	IKE_AUTH_SECURE_PASSWORD = 12,   /* RFC 6467 */
	IKE_AUTH_NULL = 13,              /* RFC 7619 */
	IKE_AUTH_DIGITAL_SIGNATURE = 14, /* RFC 7427 */
};

/* Values of SIGNATURE_HASH_ALGORITHMS, RFC 7427 7. */
enum ike_sig_hash {
	IKE_SIG_HASH_SHA1 = 1,
	IKE_SIG_HASH_SHA2_256 = 2,
	IKE_SIG_HASH_SHA2_384 = 3,
	IKE_SIG_HASH_SHA2_512 = 4,
	IKE_SIG_HASH_IDENTITY = 5,     /* RFC 8420 */
	IKE_SIG_HASH_STREEBOG_256 = 6, /* RFC 9385 */
	IKE_SIG_HASH_STREEBOG_512 = 7, /* RFC 9385 */
};

/* -------- notifies, 3.10.1 -------- */

#define IKE_NOTIFY_STATUS_FIRST 16384 /* below: an error */

enum ike_notify_type {
	IKE_NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD = 1,
	IKE_NOTIFY_INVALID_IKE_SPI = 4,
	IKE_NOTIFY_INVALID_MAJOR_VERSION = 5,
	IKE_NOTIFY_INVALID_SYNTAX = 7,
	IKE_NOTIFY_INVALID_MESSAGE_ID = 9,
	IKE_NOTIFY_INVALID_SPI = 11,
	IKE_NOTIFY_NO_PROPOSAL_CHOSEN = 14,
	IKE_NOTIFY_INVALID_KE_PAYLOAD = 17,
	IKE_NOTIFY_AUTHENTICATION_FAILED = 24,
	IKE_NOTIFY_SINGLE_PAIR_REQUIRED = 34,
	IKE_NOTIFY_NO_ADDITIONAL_SAS = 35,
	IKE_NOTIFY_INTERNAL_ADDRESS_FAILURE = 36,
	IKE_NOTIFY_FAILED_CP_REQUIRED = 37,
	IKE_NOTIFY_TS_UNACCEPTABLE = 38,
	IKE_NOTIFY_INVALID_SELECTORS = 39,
	IKE_NOTIFY_UNACCEPTABLE_ADDRESSES = 40,  /* RFC 4555 */
	IKE_NOTIFY_UNEXPECTED_NAT_DETECTED = 41, /* RFC 4555 */
	IKE_NOTIFY_USE_ASSIGNED_HOA = 42,        /* RFC 5026 */
	IKE_NOTIFY_TEMPORARY_FAILURE = 43,
	IKE_NOTIFY_CHILD_SA_NOT_FOUND = 44,
	IKE_NOTIFY_INVALID_GROUP_ID = 45,     /* RFC 9838 */
	IKE_NOTIFY_AUTHORIZATION_FAILED = 46, /* RFC 9838 */
	IKE_NOTIFY_STATE_NOT_FOUND = 47,      /* RFC 9370 */
	IKE_NOTIFY_TS_MAX_QUEUE = 48,         /* RFC 9611 */
	IKE_NOTIFY_REGISTRATION_FAILED = 49,  /* RFC 9838 */

	IKE_NOTIFY_INITIAL_CONTACT = 16384,
	IKE_NOTIFY_SET_WINDOW_SIZE = 16385,
	IKE_NOTIFY_ADDITIONAL_TS_POSSIBLE = 16386,
	IKE_NOTIFY_IPCOMP_SUPPORTED = 16387,
	IKE_NOTIFY_NAT_DETECTION_SOURCE_IP = 16388,
	IKE_NOTIFY_NAT_DETECTION_DESTINATION_IP = 16389,
	IKE_NOTIFY_COOKIE = 16390,
	IKE_NOTIFY_USE_TRANSPORT_MODE = 16391,
	IKE_NOTIFY_HTTP_CERT_LOOKUP_SUPPORTED = 16392,
	IKE_NOTIFY_REKEY_SA = 16393,
	IKE_NOTIFY_ESP_TFC_PADDING_NOT_SUPPORTED = 16394,
	IKE_NOTIFY_NON_FIRST_FRAGMENTS_ALSO = 16395,
	IKE_NOTIFY_MOBIKE_SUPPORTED = 16396, /* RFC 4555, as those up to 16402 */
	IKE_NOTIFY_ADDITIONAL_IP4_ADDRESS = 16397,
	IKE_NOTIFY_ADDITIONAL_IP6_ADDRESS = 16398,
	IKE_NOTIFY_NO_ADDITIONAL_ADDRESSES = 16399,
	IKE_NOTIFY_UPDATE_SA_ADDRESSES = 16400,
	IKE_NOTIFY_COOKIE2 = 16401,
	IKE_NOTIFY_NO_NATS_ALLOWED = 16402,
	IKE_NOTIFY_AUTH_LIFETIME = 16403,           /* RFC 4478 */
	IKE_NOTIFY_MULTIPLE_AUTH_SUPPORTED = 16404, /* RFC 4739 */
	IKE_NOTIFY_ANOTHER_AUTH_FOLLOWS = 16405,    /* RFC 4739 */
	IKE_NOTIFY_REDIRECT_SUPPORTED = 16406,      /* RFC 5685 */
	IKE_NOTIFY_REDIRECT = 16407,                /* RFC 5685 */
	IKE_NOTIFY_REDIRECTED_FROM = 16408,         /* RFC 5685 */
	IKE_NOTIFY_TICKET_LT_OPAQUE = 16409,        /* RFC 5723, as those up to 16413 */
	IKE_NOTIFY_TICKET_REQUEST = 16410,
	IKE_NOTIFY_TICKET_ACK = 16411,
	IKE_NOTIFY_TICKET_NACK = 16412,
	IKE_NOTIFY_TICKET_OPAQUE = 16413,
	IKE_NOTIFY_LINK_ID = 16414,                         /* RFC 5739 */
	IKE_NOTIFY_USE_WESP_MODE = 16415,                   /* RFC 5840 */
	IKE_NOTIFY_ROHC_SUPPORTED = 16416,                  /* RFC 5857 */
	IKE_NOTIFY_EAP_ONLY_AUTHENTICATION = 16417,         /* RFC 5998 */
	IKE_NOTIFY_CHILDLESS_IKEV2_SUPPORTED = 16418,       /* RFC 6023 */
	IKE_NOTIFY_QUICK_CRASH_DETECTION = 16419,           /* RFC 6290 */
	IKE_NOTIFY_IKEV2_MESSAGE_ID_SYNC_SUPPORTED = 16420, /* RFC 6311, as those up to 16423 */
	IKE_NOTIFY_IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED = 16421,
	IKE_NOTIFY_IKEV2_MESSAGE_ID_SYNC = 16422,
	IKE_NOTIFY_IPSEC_REPLAY_COUNTER_SYNC = 16423,
	IKE_NOTIFY_SECURE_PASSWORD_METHODS = 16424, /* RFC 6467 */
	IKE_NOTIFY_PSK_PERSIST = 16425,             /* RFC 6631 */
	IKE_NOTIFY_PSK_CONFIRM = 16426,             /* RFC 6631 */
	IKE_NOTIFY_ERX_SUPPORTED = 16427,           /* RFC 6867 */
	IKE_NOTIFY_IFOM_CAPABILITY = 16428,
	IKE_NOTIFY_GROUP_SENDER = 16429,                    /* RFC 9838 */
	IKE_NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED = 16430,   /* RFC 7383 */
	IKE_NOTIFY_SIGNATURE_HASH_ALGORITHMS = 16431,       /* RFC 7427 */
	IKE_NOTIFY_CLONE_IKE_SA_SUPPORTED = 16432,          /* RFC 7791 */
	IKE_NOTIFY_CLONE_IKE_SA = 16433,                    /* RFC 7791 */
	IKE_NOTIFY_PUZZLE = 16434,                          /* RFC 8019 */
	IKE_NOTIFY_USE_PPK = 16435,                         /* RFC 8784 */
	IKE_NOTIFY_PPK_IDENTITY = 16436,                    /* RFC 8784 */
	IKE_NOTIFY_NO_PPK_AUTH = 16437,                     /* RFC 8784 */
	IKE_NOTIFY_INTERMEDIATE_EXCHANGE_SUPPORTED = 16438, /* RFC 9242 */
	IKE_NOTIFY_IP4_ALLOWED = 16439,                     /* RFC 8983 */
	IKE_NOTIFY_IP6_ALLOWED = 16440,                     /* RFC 8983 */
	IKE_NOTIFY_ADDITIONAL_KEY_EXCHANGE = 16441,         /* RFC 9370 */
	IKE_NOTIFY_USE_AGGFRAG = 16442,                     /* RFC 9347 */
	IKE_NOTIFY_SUPPORTED_AUTH_METHODS = 16443,          /* RFC 9593 */
	IKE_NOTIFY_SA_RESOURCE_INFO = 16444,                /* RFC 9611 */
	IKE_NOTIFY_USE_PPK_INT = 16445,                     /* RFC 9867 */
	IKE_NOTIFY_PPK_IDENTITY_KEY = 16446,                /* RFC 9867 */
};

/* -------- traffic selectors, 3.13.1 -------- */

enum ike_ts_type {
	IKE_TS_IPV4_ADDR_RANGE = 7,
	IKE_TS_IPV6_ADDR_RANGE = 8,
	IKE_TS_FC_ADDR_RANGE = 9, /* RFC 4595 */
	IKE_TS_SECLABEL = 10,     /* RFC 9478 */
};

/* -------- configuration, 3.15 -------- */

enum ike_cfg_type {
	IKE_CFG_REQUEST = 1,
	IKE_CFG_REPLY = 2,
	IKE_CFG_SET = 3,
	IKE_CFG_ACK = 4,
};

enum ike_cfg_attribute {
	IKE_CFG_ATTR_INTERNAL_IP4_ADDRESS = 1,
	IKE_CFG_ATTR_INTERNAL_IP4_NETMASK = 2,
	IKE_CFG_ATTR_INTERNAL_IP4_DNS = 3,
	IKE_CFG_ATTR_INTERNAL_IP4_NBNS = 4,
	IKE_CFG_ATTR_INTERNAL_IP4_DHCP = 6,
	IKE_CFG_ATTR_APPLICATION_VERSION = 7,
	IKE_CFG_ATTR_INTERNAL_IP6_ADDRESS = 8,
	IKE_CFG_ATTR_INTERNAL_IP6_DNS = 10,
	IKE_CFG_ATTR_INTERNAL_IP6_DHCP = 12,
	IKE_CFG_ATTR_INTERNAL_IP4_SUBNET = 13,
	IKE_CFG_ATTR_SUPPORTED_ATTRIBUTES = 14,
	IKE_CFG_ATTR_INTERNAL_IP6_SUBNET = 15,
	IKE_CFG_ATTR_MIP6_HOME_PREFIX = 16,    /* RFC 5026 */
	IKE_CFG_ATTR_INTERNAL_IP6_LINK = 17,   /* RFC 5739 */
	IKE_CFG_ATTR_INTERNAL_IP6_PREFIX = 18, /* RFC 5739 */
	IKE_CFG_ATTR_HOME_AGENT_ADDRESS = 19,
	IKE_CFG_ATTR_P_CSCF_IP4_ADDRESS = 20, /* RFC 7651 */
	IKE_CFG_ATTR_P_CSCF_IP6_ADDRESS = 21, /* RFC 7651 */
	IKE_CFG_ATTR_FTT_KAT = 22,
	IKE_CFG_ATTR_EXTERNAL_SOURCE_IP4_NAT_INFO = 23,
	IKE_CFG_ATTR_TIMEOUT_PERIOD_FOR_LIVENESS_CHECK = 24,
	IKE_CFG_ATTR_INTERNAL_DNS_DOMAIN = 25, /* RFC 8598 */
	IKE_CFG_ATTR_INTERNAL_DNSSEC_TA = 26,  /* RFC 8598 */
	IKE_CFG_ATTR_ENCDNS_IP4 = 27,          /* RFC 9464 */
	IKE_CFG_ATTR_ENCDNS_IP6 = 28,          /* RFC 9464 */
	IKE_CFG_ATTR_ENCDNS_DIGEST_INFO = 29,  /* RFC 9464 */
	/* Private use; clients know these by what other implementations made of them. */
	IKE_CFG_ATTR_INTERNAL_IP4_SERVER = 23456,
	IKE_CFG_ATTR_INTERNAL_IP6_SERVER = 23457,
	IKE_CFG_ATTR_UNITY_SPLIT_INCLUDE = 28676,
	IKE_CFG_ATTR_UNITY_LOCAL_LAN = 28678,
};

/* -------- sizes, in bytes -------- */

#define IKE_HEADER_LEN         28    /* 3.1 */
#define IKE_PAYLOAD_HEADER_LEN 4     /* 3.2 */
#define IKE_MESSAGE_MAX        65535 /* what any transport of ours can carry at all */
#define IKE_MESSAGE_MIN_MAX    3000  /* RFC 7296 2: all take messages this long */
#define IKE_NONCE_MIN          16    /* 2.10, 3.9 */
#define IKE_NONCE_MAX          256   /* 3.9 */
#define IKE_COOKIE_MIN         1     /* 2.6 */
#define IKE_COOKIE_MAX         64    /* 2.6 */
#define IKE_SPI_LEN            8     /* of an IKE SA, 3.3.1 */
#define IKE_ESP_SPI_LEN        4     /* of ESP and AH, 3.3.1 */
#define IKE_ESP_SPI_MIN        256   /* those below are reserved: RFC 4303 2.1, RFC 3948 1 */
#define IKE_SPI_MAX            8     /* the longest SPI of any protocol we know */
#define IKE_PAD_MAX            255   /* 3.14 */

/* -------- names -------- */

#define IKE_NAME_BUF 8 /* bytes for the decimal digits of an unknown value */

struct ike_names; /* a table of values and names; one an enum */

extern const struct ike_names ike_exchange_names, ike_payload_names, ike_protocol_names,
	ike_transform_type_names, ike_encr_names, ike_prf_names, ike_integ_names, ike_ke_names,
	ike_esn_names, ike_id_names, ike_cert_names, ike_auth_names, ike_sig_hash_names,
	ike_notify_names, ike_ts_names, ike_cfg_names, ike_cfg_attr_names;

/*
 * The name of value: static text; or value in decimal, written to buf (IKE_NAME_BUF bytes) and
 * returned, when the table doesn't know it. Never NULL. Any thread.
 */
const char *ike_name(const struct ike_names *names, uint16_t value, char *buf);

/*
 * As ike_name(), with a buffer that lives as long as the block around the call: fit for arguments
 * of a log call, not for returning.
 */
#define IKE_NAME(names, value)         ike_name(&(names), (value), (char[IKE_NAME_BUF]){ 0 })
#define ike_exchange_name(value)       IKE_NAME(ike_exchange_names, value)
#define ike_payload_name(value)        IKE_NAME(ike_payload_names, value)
#define ike_protocol_name(value)       IKE_NAME(ike_protocol_names, value)
#define ike_transform_type_name(value) IKE_NAME(ike_transform_type_names, value)
#define ike_encr_name(value)           IKE_NAME(ike_encr_names, value)
#define ike_prf_name(value)            IKE_NAME(ike_prf_names, value)
#define ike_integ_name(value)          IKE_NAME(ike_integ_names, value)
#define ike_ke_name(value)             IKE_NAME(ike_ke_names, value)
#define ike_esn_name(value)            IKE_NAME(ike_esn_names, value)
#define ike_id_name(value)             IKE_NAME(ike_id_names, value)
#define ike_cert_name(value)           IKE_NAME(ike_cert_names, value)
#define ike_auth_name(value)           IKE_NAME(ike_auth_names, value)
#define ike_sig_hash_name(value)       IKE_NAME(ike_sig_hash_names, value)
#define ike_notify_name(value)         IKE_NAME(ike_notify_names, value)
#define ike_ts_name(value)             IKE_NAME(ike_ts_names, value)
#define ike_cfg_name(value)            IKE_NAME(ike_cfg_names, value)
#define ike_cfg_attr_name(value)       IKE_NAME(ike_cfg_attr_names, value)

/* The name of a transform ID within its type: ike_transform_name(IKE_TRANSFORM_PRF, 5). */
const struct ike_names *ike_transform_names(uint8_t type);
#define ike_transform_name(type, id)                                                               \
	ike_name(ike_transform_names(type), (id), (char[IKE_NAME_BUF]){ 0 })

/* A notify of an error (true) or of a status, by the range its type lies in. */
static inline bool ike_notify_is_error(uint16_t type)
{
	return type < IKE_NOTIFY_STATUS_FIRST;
}
