import { checkData } from '../store/embedded/check.ts'

/** `jobmill check`: looks and tells. @returns whether all is well. Rejects where there is no data */
export async function check(folder: string): Promise<boolean> {
  const { jobs, summary, problems } = await checkData(folder)
  const counts = Object.entries(summary).map(([place, count]) => `${count} ${place}`)
  process.stdout.write(`${jobs} jobs in ${folder}: ${counts.join(', ')}\n`)
  for (const problem of problems) process.stdout.write(`problem: ${problem}\n`)
  process.stdout.write(problems.length === 0 ? 'all is well\n' : `${problems.length} problems\n`)
  return problems.length === 0
}
