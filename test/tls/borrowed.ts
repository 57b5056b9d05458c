// What these tests take from those of the clients, in one place.
export { Drivers, jids } from '../clients/driver.ts'
export { GO, NODE } from '../clients/known.ts'
export { freePort } from '../clients/server.ts'
export { describeWith } from '../clients/toolchain.ts'
