import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Why a port cannot be had, who has it, and what to do. */
export class PortError extends Error {
  override readonly name = 'PortError'
}

/** @param error what `listen` failed with */
export function portFault(error: Error, host: string, port: number): PortError {
  const { code } = error as NodeJS.ErrnoException
  const where = `${host === '' ? '*' : host}:${port}`
  const why: Record<string, string> = {
    EADDRINUSE: `is taken${holder(port)}: stop that program, or choose another port`,
    EACCES: 'may not be used by this user: ports below 1024 need more rights, choose a higher one',
    EADDRNOTAVAIL: 'is no address of this machine',
    ENOTFOUND: 'is no host name that this machine knows',
  }
  return new PortError(`${where} ${why[code ?? ''] ?? `cannot be used: ${error.message}`}`, {
    cause: error,
  })
}

/** The process that listens at a port, as far as /proc tells it. */
function holder(port: number): string {
  try {
    const inode = listeningInode(port)
    if (inode === undefined) return ''
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      if (holdsSocket(pid, inode)) {
        const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
        return ` by ${name} (PID ${pid})`
      }
    }
  } catch {
    // A courtesy only; other systems have no /proc.
  }
  return ''
}

const LISTENING = '0A'

function listeningInode(port: number): string | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(table, 'utf8').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/)
      if (fields[1]?.endsWith(`:${hex}`) && fields[3] === LISTENING) return fields[9]
    }
  }
  return undefined
}

function holdsSocket(pid: string, inode: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`
    return readdirSync(folder).some((fd) => {
      try {
        return readlinkSync(`${folder}/${fd}`) === `socket:[${inode}]`
      } catch {
        return false
      }
    })
  } catch {
    return false
  }
}
