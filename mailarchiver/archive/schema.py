"""The tables of the ledger. Whoever changes them counts SCHEMA_VERSION up.

Every question the ledger answers has its index, so that no answer takes a walk over the entries. `manifest` and `seen`
have been the same since version 1: recovery.py reads the one, and keeps the other, when it makes an older ledger new.

2: `automatic`; the mails in quarantine.
3: `looked`, `seen.same`; what could not be fetched.
4: what is too large to be fetched; how far each folder is done.
5: receipts.
6: copies under way, mail in doubt, folders without UIDVALIDITY, accounts that are left alone.
7: `entry_bare`.
"""

SCHEMA_VERSION = 7
# The text of what has no URL: of a newsletter of pictures, hundreds may have the same, each with a URL of its own.
ENTRY_BARE = "CREATE INDEX IF NOT EXISTS entry_bare ON entry (text_key, seq) WHERE removed = 0 AND url_key IS NULL"
SCHEMA = (
    # One row: how far the manifest is taken in; none before it was read for the first time.
    "CREATE TABLE manifest (size INTEGER NOT NULL, tail TEXT NOT NULL)",
    # `seq` is the order of the manifest; `base` the id without -2, -3 …, which nobody asks for any more; `digest`,
    # `folded` are of the mail, as it is and with line ends as LF; `moment` is `received` in seconds since 1970; `line`
    # the line of the manifest; what is `automatic` is not shown among the newest.
    """CREATE TABLE entry (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, base TEXT NOT NULL,
        digest TEXT NOT NULL, folded TEXT NOT NULL, url_key TEXT, text_key TEXT,
        month TEXT NOT NULL, moment REAL NOT NULL, removed INTEGER NOT NULL,
        line TEXT NOT NULL, excerpt TEXT, direction TEXT NOT NULL, automatic INTEGER NOT NULL)""",
    "CREATE INDEX entry_digest ON entry (digest)",
    "CREATE INDEX entry_folded ON entry (folded)",
    "CREATE INDEX entry_url ON entry (url_key, seq) WHERE removed = 0 AND url_key IS NOT NULL",
    "CREATE INDEX entry_text ON entry (text_key, seq) WHERE removed = 0 AND text_key IS NOT NULL",
    ENTRY_BARE,
    "CREATE INDEX entry_newest ON entry (moment DESC, id DESC) WHERE removed = 0 AND automatic = 0",
    "CREATE INDEX entry_month ON entry (month, moment DESC, id DESC) WHERE removed = 0",
    "CREATE TABLE month (name TEXT PRIMARY KEY, entries INTEGER NOT NULL, dirty INTEGER NOT NULL) WITHOUT ROWID",
    # The mails that lie in quarantine.
    "CREATE TABLE quarantine (digest TEXT PRIMARY KEY, folded TEXT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX quarantine_folded ON quarantine (folded)",
)
SEEN = (
    # Every message ever seen, by where it lay: 0, 0 and a path for a file, '' as the path on a server. `outcome` is
    # filed, already or quarantined; `action` what was then done on the server, NULL while nothing was; `same` the
    # digest of the mail that was there before, in the archive or in quarantine, and that this one is.
    """CREATE TABLE IF NOT EXISTS seen (
        account TEXT NOT NULL, folder TEXT NOT NULL, uidvalidity INTEGER NOT NULL, uid INTEGER NOT NULL,
        path TEXT NOT NULL, digest TEXT NOT NULL, outcome TEXT NOT NULL, action TEXT, same TEXT,
        PRIMARY KEY (account, folder, uidvalidity, uid, path)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS seen_open ON seen (account, folder, uidvalidity) WHERE action IS NULL AND path = ''",
    # Folders that mail is moved to, and that were looked through since this ledger was made from a manifest, whose
    # own row is '', '': without that one, all that was moved there is known.
    """CREATE TABLE IF NOT EXISTS looked (
        account TEXT NOT NULL, folder TEXT NOT NULL, PRIMARY KEY (account, folder)) WITHOUT ROWID""",
    # The messages that could not be fetched: how often that was tried, from when on it is tried again (RFC 3339, UTC).
    """CREATE TABLE IF NOT EXISTS failed (
        account TEXT NOT NULL, folder TEXT NOT NULL, uidvalidity INTEGER NOT NULL, uid INTEGER NOT NULL,
        tries INTEGER NOT NULL, next_try TEXT NOT NULL, why TEXT NOT NULL,
        PRIMARY KEY (account, folder, uidvalidity, uid)) WITHOUT ROWID""",
    # The messages that are not fetched, being larger than they may be: their octets; `action` as in `seen`.
    """CREATE TABLE IF NOT EXISTS large (
        account TEXT NOT NULL, folder TEXT NOT NULL, uidvalidity INTEGER NOT NULL, uid INTEGER NOT NULL,
        size INTEGER NOT NULL, action TEXT,
        PRIMARY KEY (account, folder, uidvalidity, uid)) WITHOUT ROWID""",
    # Up to which UID everything in a folder is in one of the tables above, or is older than `since` (a day, or ''),
    # and when the whole folder was last compared with them (RFC 3339, UTC).
    """CREATE TABLE IF NOT EXISTS cursor (
        account TEXT NOT NULL, folder TEXT NOT NULL, uidvalidity INTEGER NOT NULL, uid INTEGER NOT NULL,
        since TEXT NOT NULL, looked TEXT NOT NULL, PRIMARY KEY (account, folder)) WITHOUT ROWID""",
    # The receipts of filed mails, by the digest of the mail: whether one may have been put into the mailbox (`tried`),
    # and when it was (`sent`, RFC 3339, UTC; NULL while it was not).
    """CREATE TABLE IF NOT EXISTS receipt (
        account TEXT NOT NULL, digest TEXT NOT NULL, tried INTEGER NOT NULL, sent TEXT,
        PRIMARY KEY (account, digest)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS receipt_open ON receipt (account) WHERE sent IS NULL",
    # The messages that are about to be copied to another folder, on a server without MOVE: a copy that was made has a
    # UID of `above` or more there, while that folder's UIDVALIDITY is that.
    """CREATE TABLE IF NOT EXISTS copying (
        account TEXT NOT NULL, folder TEXT NOT NULL, uidvalidity INTEGER NOT NULL, uid INTEGER NOT NULL,
        target TEXT NOT NULL, target_uidvalidity INTEGER NOT NULL, above INTEGER NOT NULL,
        PRIMARY KEY (account, folder, uidvalidity, uid)) WITHOUT ROWID""",
    # The messages that may be less than the mail (`digest` is of what came): nothing is done to them on the server
    # until they are fetched once more.
    """CREATE TABLE IF NOT EXISTS doubtful (
        account TEXT NOT NULL, folder TEXT NOT NULL, uidvalidity INTEGER NOT NULL, uid INTEGER NOT NULL,
        digest TEXT NOT NULL, PRIMARY KEY (account, folder, uidvalidity, uid)) WITHOUT ROWID""",
    # The messages that are in the archive, of a folder without UIDVALIDITY: by a digest of what tells them apart.
    """CREATE TABLE IF NOT EXISTS glimpsed (
        account TEXT NOT NULL, folder TEXT NOT NULL, key TEXT NOT NULL,
        PRIMARY KEY (account, folder, key)) WITHOUT ROWID""",
    # The accounts that the server wants to be left alone, and until when (RFC 3339, UTC): after so many failures, for
    # that reason, and as they were configured then (`mark`, a digest).
    """CREATE TABLE IF NOT EXISTS paused (
        account TEXT PRIMARY KEY, until TEXT NOT NULL, failures INTEGER NOT NULL, why TEXT NOT NULL,
        mark TEXT NOT NULL) WITHOUT ROWID""",
)
"""What cannot be made again but by doing things on the server twice."""
KEPT = {"seen", "failed", "looked", "large", "receipt", "copying", "doubtful", "glimpsed", "paused"}
"""The tables of these: the ledger of an older program keeps them when it is made new. Not `cursor`: the next round
compares the whole folder."""
ADDED = {("seen", "same"): "ALTER TABLE seen ADD COLUMN same TEXT"}
"""(table, column) → what brings it to a table that is kept of an older program, and lacks it."""
