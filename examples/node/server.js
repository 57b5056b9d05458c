import net from 'node:net'
import faktory from 'faktory-worker'

/** The variable that faktory-worker itself reads; its value may hold a password. */
const variable = process.env.FAKTORY_PROVIDER || 'FAKTORY_URL'
const url = new URL(process.env[variable] || 'tcp://127.0.0.1:7419')

/**
 * A client of the server that FAKTORY_URL names. Ends the program, with a message that says what
 * to do, when nothing listens there or the password is wrong.
 */
export async function connect() {
  try {
    await probe()
  } catch (error) {
    console.error(`No job server answers at ${url.host}: ${error.message}`)
    console.error('Start Jobmill with `npm start`, or set FAKTORY_URL to where it runs.')
    process.exit(1)
  }
  try {
    return await faktory.connect()
  } catch (error) {
    console.error(`The job server at ${url.host} refused this client: ${error.message}`)
    console.error('A password belongs into the URL: FAKTORY_URL=tcp://:PASSWORD@HOST:PORT')
    process.exit(1)
  }
}

/** The client retries a refused connection and prints a stack each time: so look first. */
function probe() {
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(url.port || 7419), url.hostname)
    socket.setTimeout(5000, () => socket.destroy(new Error('no answer within 5 seconds')))
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
  })
}
