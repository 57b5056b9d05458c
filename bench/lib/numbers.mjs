// Medians with the least and the most, and how to print them.

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** A figure with about three digits, a whole number in full; thousands with commas. */
export function show(n) {
  if (n === undefined || Number.isNaN(n)) return '–'
  if (Number.isInteger(n) || Math.abs(n) >= 100) return Math.round(n).toLocaleString('en-US')
  return n.toFixed(Math.abs(n) >= 10 ? 1 : 2)
}

/** `median [least – most]`; one number alone when there is but one, a dash when one is missing. */
export function spread(numbers) {
  if (numbers.length === 0 || numbers.some((n) => n === undefined || Number.isNaN(n))) return '–'
  if (numbers.length === 1) return show(numbers[0])
  return `${show(median(numbers))} [${show(Math.min(...numbers))} – ${show(Math.max(...numbers))}]`
}

/** p of (0, 1] of unsorted numbers, undefined of none. */
function percentile(numbers, p) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * p) - 1)]
}
