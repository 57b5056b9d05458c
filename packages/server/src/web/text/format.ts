const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Numbers, sizes and durations as a language writes them. Units are the international ones. */
export class Format {
  readonly locale: string
  readonly #number: Intl.NumberFormat
  readonly #oneDigit: Intl.NumberFormat
  readonly #threeDigits: Intl.NumberFormat
  readonly plural: Intl.PluralRules

  constructor(locale: string) {
    this.locale = locale
    this.#number = new Intl.NumberFormat(locale)
    this.#oneDigit = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })
    this.#threeDigits = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 })
    this.plural = new Intl.PluralRules(locale)
  }

  number(value: number): string {
    return this.#number.format(value)
  }

  /** A rate, per second. */
  rate(value: number): string {
    return (value < 1 ? this.#threeDigits : this.#oneDigit).format(value)
  }

  percent(share: number): string {
    return this.#oneDigit.format(share * 100)
  }

  /** 214 ms · 8.2 s · 4 min 12 s · 4 h 39 min · 3 d 4 h */
  duration(ms: number): string {
    const abs = Math.abs(ms)
    if (abs < SECOND) return `${this.number(Math.round(abs))} ms`
    if (abs < MINUTE) return `${this.#oneDigit.format(abs / SECOND)} s`
    if (abs < HOUR) return this.#two(abs, MINUTE, 'min', SECOND, 's')
    if (abs < DAY) return this.#two(abs, HOUR, 'h', MINUTE, 'min')
    return this.#two(abs, DAY, 'd', HOUR, 'h')
  }

  /** Bytes in steps of 1,024. */
  bytes(value: number): string {
    if (value < 1024) return `${this.number(value)} B`
    const units = ['KB', 'MB', 'GB', 'TB']
    let scaled = value / 1024
    let unit = 0
    while (scaled >= 1024 && unit < units.length - 1) {
      scaled /= 1024
      unit += 1
    }
    return `${this.#oneDigit.format(scaled)} ${units[unit] ?? 'TB'}`
  }

  #two(ms: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
    const rest = Math.floor((ms % large) / small)
    const whole = `${this.number(Math.floor(ms / large))} ${largeUnit}`
    return rest === 0 ? whole : `${whole} ${rest} ${smallUnit}`
  }
}

/** 2026-11-25 05:33:01.204 in a time zone. */
export function clockTime(ms: number, timeZone: string, withMs = false): string {
  const text = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(ms)
  return withMs ? `${text}.${String(Math.floor(ms) % 1000).padStart(3, '0')}` : text
}
