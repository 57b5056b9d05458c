import { connect, createServer, type Server, type Socket } from 'node:net'

/** A TCP balancer as people put before servers: knows nothing of what is said. */
export class Balancer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #backends = new Set<number>()
  #next = 0

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => this.#join(socket))
  }

  static async listen(port: number): Promise<Balancer> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    return new Balancer(server)
  }

  /** @param port of a server on 127.0.0.1 */
  add(port: number): void {
    this.#backends.add(port)
  }

  remove(port: number): void {
    this.#backends.delete(port)
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Each connection goes to the next server in turn. */
  #join(client: Socket): void {
    const ports = [...this.#backends]
    const port = ports[(this.#next += 1) % Math.max(1, ports.length)]
    if (port === undefined) {
      client.destroy()
      return
    }
    const backend = connect(port, '127.0.0.1')
    for (const [socket, other] of [
      [client, backend],
      [backend, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  }
}
