/** Flags that Faktory takes, with a value and without. */
const WITH_VALUE = /^--?([bwdelc])(?:=(.*))?$/s
const ALONE = /^--([vh])$/

/**
 * Go's flag syntax in terms of ours: `-b=x`, `--b x` and `--b=x` become `-b x`, `--v` becomes `-v`.
 * @param argv without the program's own two
 */
export function normalized(argv: readonly string[]): string[] {
  return argv.flatMap((word) => {
    const alone = ALONE.exec(word)
    if (alone !== null) return [`-${alone[1]}`]
    const match = WITH_VALUE.exec(word)
    if (match === null) return [word]
    return match[2] === undefined ? [`-${match[1]}`] : [`-${match[1]}`, match[2]]
  })
}
