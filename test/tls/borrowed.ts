// What these tests take from those of the clients, in one place.
export { Drivers, jids } from '../interop/live/driver.ts'
export { GO, NODE } from '../interop/live/known.ts'
export { freePort } from '../interop/live/server.ts'
export { describeWith } from '../support/toolchain.ts'
