import { existsSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

/** What an operator wants to know of a folder before jobs are lost in it. */
export interface FolderFacts {
  readonly freeMib: number
  /** Its usual name, or its number. */
  readonly fileSystem: string
  /** Why jobs are not safe there, what follows `the data folder`; undefined when nothing speaks against it. */
  readonly danger: string | undefined
}

const NETWORK =
  'lies on a network file system, which SQLite does not get along with: use a local disk'

/** By the number that Linux gives them. */
const FILE_SYSTEMS: Readonly<Record<number, readonly [name: string, danger?: string]>> = {
  0xef53: ['ext4'],
  0x58465342: ['xfs'],
  0x9123683e: ['btrfs'],
  0x2fc12fc1: ['zfs'],
  0x01021994: ['tmpfs', 'lies in memory: all is gone when the machine stops'],
  0x858458f6: ['ramfs', 'lies in memory: all is gone when the machine stops'],
  0x794c7630: [
    'overlay',
    "lies in a container's own layer, gone with the container: mount a volume",
  ],
  0x6969: ['nfs', NETWORK],
  0xff534d42: ['cifs', NETWORK],
  0xfe534d42: ['smb2', NETWORK],
}

/** @returns undefined where the system does not tell. @param folder an existing one */
export function folderFacts(folder: string): FolderFacts | undefined {
  try {
    const { type, bavail, bsize } = statfsSync(folder)
    const [name, danger] = FILE_SYSTEMS[type] ?? [`0x${type.toString(16)}`]
    return {
      freeMib: Math.floor((bavail * bsize) / 1024 / 1024),
      fileSystem: name,
      danger:
        danger ??
        (/^\/(tmp|var\/tmp)\//.test(folder)
          ? 'lies in a folder for temporary files, which systems empty'
          : undefined),
    }
  } catch {
    return undefined
  }
}

/** Faktory ends TLS where it finds these two; we never do. */
export function hasTlsFiles(configFolder: string): boolean {
  return ['private.key.pem', 'public.cert.pem'].every((file) =>
    existsSync(join(configFolder, file)),
  )
}
