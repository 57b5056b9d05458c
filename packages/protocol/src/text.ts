const NOT_ASCII = /[^\0-\x7f]/

/** Bytes of a text in UTF-8. A lone surrogate counts as the three bytes of U+FFFD. */
export function utf8Length(text: string): number {
  if (!NOT_ASCII.test(text)) return text.length
  let bytes = 0
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code < 0x80) bytes += 1
    else if (code < 0x800) bytes += 2
    else if (isPair(text, i)) {
      bytes += 4
      i += 1
    } else bytes += 3
  }
  return bytes
}

/** The longest beginning of a text that takes no more than so many bytes, ending at a character. */
export function cutUtf8(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax) return text
  let bytes = 0
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    const pair = isPair(text, i)
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : pair ? 4 : 3
    if (bytes > bytesMax) return text.slice(0, i)
    if (pair) i += 1
  }
  return text
}

function isPair(text: string, i: number): boolean {
  const high = text.charCodeAt(i)
  const low = text.charCodeAt(i + 1)
  return high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000
}

const SURROGATE = /[\ud800-\udfff]/
const LONE_SURROGATES = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

/** Lone surrogates become U+FFFD: what is compared as text must survive UTF-8 unchanged. */
export function wellFormed(text: string): string {
  return SURROGATE.test(text) ? text.replace(LONE_SURROGATES, '\ufffd') : text
}

/** The same text with memory of its own: a slice keeps the whole that it was cut from alive. */
export function detached(text: string): string {
  return ` ${text}`.slice(1)
}
