/** Longer first lines are cut before they are looked at: a message may have a thousand bytes. */
const READ_MAX = 400
const LENGTH_MAX = 200
const GAP = '…'

/** What differs between two errors of one kind: quoted text, ids, numbers. */
const VARYING = new RegExp(
  [
    // Quoted, within one line; an apostrophe inside a word is none.
    '"[^"]*"',
    "(?<!\\w)'[^']*'(?!\\w)",
    '`[^`]*`',
    // UUIDs, hex with 0x, long hex with a digit in it, e.g. a digest or an object id.
    '\\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\\b',
    '\\b0x[0-9a-f]+\\b',
    '\\b(?=[a-f]*\\d)[0-9a-f]{6,}\\b',
    // Ids such as req_8sKq2 or cus-12ab: letters and digits mixed.
    '\\b(?=\\w*\\d)(?=\\w*[a-z])[a-z]+[_-][\\w-]*\\d[\\w-]*',
    // Numbers, with fraction, sign and separators.
    '\\d[\\d.,:_]*\\d|\\d',
  ].join('|'),
  'gi',
)

/**
 * What is the same in all messages of one kind of error: the first line, what varies replaced by `…`,
 * at most 200 characters.
 */
export function fingerprint(message: string): string {
  const end = message.search(/[\r\n]/)
  const line = (end < 0 ? message : message.slice(0, end)).slice(0, READ_MAX)
  const same = line.replace(VARYING, GAP).replace(/…{2,}/g, GAP).trim()
  return same.length <= LENGTH_MAX ? same : `${same.slice(0, LENGTH_MAX - 1)}${GAP}`
}

/** The longest text that all messages of a fingerprint have in common; '' for none. */
export function commonText(print: string): string {
  let longest = ''
  for (const piece of print.split(GAP)) {
    const text = piece.trim()
    if (text.length > longest.length) longest = text
  }
  return longest
}
