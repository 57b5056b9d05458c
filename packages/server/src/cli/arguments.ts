/** Faktory's flags that take a value, and ours. */
const GO_STYLE = /^--?([bwdelc])(?:=(.*))?$/

/**
 * Go's flag syntax in terms of ours: `-b=x`, `--b x` and `--b=x` become `-b x`.
 * @param argv without the program's own two
 */
export function normalized(argv: readonly string[]): string[] {
  return argv.flatMap((word) => {
    const match = GO_STYLE.exec(word)
    if (match === null) return [word]
    return match[2] === undefined ? [`-${match[1]}`] : [`-${match[1]}`, match[2]]
  })
}
