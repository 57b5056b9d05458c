import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A password file that cannot be used: reading on without one would leave the door open. */
export class PasswordError extends Error {
  override readonly name = 'PasswordError'
}

/**
 * A password as a setting gives it: itself, or the path of a file that holds it, with blanks round
 * it dropped. Throws PasswordError.
 */
export function readPassword(given: string): string {
  // `echo secret | base64` is how many a secret store came by its value.
  const value = given.replace(/\r?\n$/, '')
  if (!value.startsWith('/')) return value
  let text: string
  try {
    text = readFileSync(value, 'utf8').trim()
  } catch (error) {
    throw new PasswordError(
      `the password file ${value} cannot be read: ${(error as Error).message}`,
      { cause: error },
    )
  }
  if (text === '') throw new PasswordError(`the password file ${value} is empty`)
  return text
}

/** Faktory's place for it, whatever the configuration folder. */
const FAKTORYS_FILE = '/etc/faktory/password'

/** The file in which an installation left a password, or undefined. */
export function installedPassword(configFolder: string): string | undefined {
  return [join(configFolder, 'password'), FAKTORYS_FILE].find((path) => existsSync(path))
}
