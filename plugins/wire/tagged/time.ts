/**
 * Times as System.Text.Json writes a DateTime: round-trip form, up to seven digits of a second, trailing zeros left out.
 * Ours are milliseconds since 1970 and are written in UTC; a time without a zone is read as UTC.
 */
import { P2PNetError } from '../../../core/index.ts'

/** What the original writes for a DateTime that nobody set; read as absent. */
export const unset = '0001-01-01T00:00:00'

const earliest = -62_135_596_800_000
const latest = 253_402_300_799_999

/** Packets of one second share all but the fraction, so the last second's text is kept. */
export type TimeWriter = (ms: number | undefined) => string

export function timeWriter(): TimeWriter {
  let second = NaN
  let text = ''
  return (ms) => {
    if (ms === undefined) return unset
    // Ticks of 100 ns, in two parts: as one number they would not fit.
    let whole = Math.floor(ms)
    let ticks = ms === whole ? 0 : Math.round((ms - whole) * 10_000)
    if (ticks === 10_000) {
      whole++
      ticks = 0
    }
    if (!(whole >= earliest && whole <= latest))
      throw new P2PNetError('E_PACKET_INVALID', `the time ${ms} is outside the years 1 to 9999`)
    const seconds = Math.floor(whole / 1000)
    if (seconds !== second) {
      text = new Date(seconds * 1000).toISOString().slice(0, 19)
      second = seconds
    }
    return text + fraction(whole - seconds * 1000, ticks)
  }
}

function fraction(ms: number, ticks: number): string {
  if (ticks === 0) {
    if (ms === 0) return 'Z'
    if (ms % 100 === 0) return `.${ms / 100}Z`
    if (ms % 10 === 0) return ms < 100 ? `.0${ms / 10}Z` : `.${ms / 10}Z`
    return ms < 10 ? `.00${ms}Z` : ms < 100 ? `.0${ms}Z` : `.${ms}Z`
  }
  const digits = String(ms * 10_000 + ticks).padStart(7, '0')
  return `.${digits.replace(/0+$/, '')}Z`
}

const dateTime = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,16}))?)?(?:Z|([+-])(\d\d):(\d\d))?)?$/

/** Undefined: the time was not set. @throws P2PNetError E_FRAME_INVALID */
export function readTime(text: string): number | undefined {
  const quick = readUtc(text, 0, text.length)
  if (quick !== undefined) return quick
  if (text === unset) return undefined
  const found = dateTime.exec(text)
  const [
    ,
    year,
    month,
    day,
    hour = '0',
    minute = '0',
    second = '0',
    digits = '',
    sign,
    zoneHour = '0',
    zoneMinute = '0',
  ] = found ?? []
  const zone = Number(zoneHour) * 60 + Number(zoneMinute)
  const days = daysSince1970(Number(year), Number(month), Number(day))
  if (
    days === undefined ||
    Number(hour) > 23 ||
    Number(minute) > 59 ||
    Number(second) > 59 ||
    Number(zoneMinute) > 59 ||
    zone > 840
  )
    throw new P2PNetError('E_FRAME_INVALID', `${JSON.stringify(text.slice(0, 40))} is no time`)
  const minutes = days * 1440 + Number(hour) * 60 + Number(minute) + (sign === '-' ? zone : -zone)
  return (minutes * 60 + Number(second)) * 1000 + Number(digits.slice(0, 7).padEnd(7, '0')) / 10_000
}

/**
 * `YYYY-MM-DDThh:mm:ss[.f…]Z` between two places of a text, which is what nearly every time is; undefined for anything
 * else.
 */
export function readUtc(text: string, from: number, to: number): number | undefined {
  const end = to - from - 1
  if (end < 19 || end > 27 || text.charCodeAt(to - 1) !== 0x5a) return undefined
  if (text.charCodeAt(from + 4) !== 0x2d || text.charCodeAt(from + 7) !== 0x2d) return undefined
  if (text.charCodeAt(from + 10) !== 0x54) return undefined
  if (text.charCodeAt(from + 13) !== 0x3a || text.charCodeAt(from + 16) !== 0x3a) return undefined
  // A character that is no digit makes a part NaN.
  const hour = two(text, from + 11)
  const minute = two(text, from + 14)
  const second = two(text, from + 17)
  if (!(hour < 24 && minute < 60 && second < 60)) return undefined
  const days = daysSince1970(two(text, from) * 100 + two(text, from + 2), two(text, from + 5), two(text, from + 8))
  if (days === undefined) return undefined
  let ticks = 0
  if (end > 19) {
    if (end === 20 || text.charCodeAt(from + 19) !== 0x2e) return undefined
    for (let i = from + 20, worth = 1_000_000; i < to - 1; i++, worth /= 10) ticks += digit(text, i) * worth
    if (Number.isNaN(ticks)) return undefined
  }
  return (days * 86_400 + hour * 3600 + minute * 60 + second) * 1000 + ticks / 10_000
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48
  return value >= 0 && value <= 9 ? value : NaN
}

function two(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1)
}

const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Undefined: there is no such day. */
function daysSince1970(year: number, month: number, day: number): number | undefined {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const length = monthLengths[month - 1]
  if (!(year >= 1) || length === undefined || !(day >= 1 && day <= (month === 2 && isLeap ? 29 : length)))
    return undefined
  // Years from March on, so that the odd day is the last one.
  const from = month > 2 ? year : year - 1
  const sinceMarch = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5)
  return (
    from * 365 + Math.floor(from / 4) - Math.floor(from / 100) + Math.floor(from / 400) + sinceMarch + day - 719_469
  )
}
