import type { BackupEntry, BackupFacts } from '../context.ts'
import type { View } from '../view.ts'
import { Badge } from './badge.tsx'
import { Empty } from './empty.tsx'
import { ActionForm } from './form.tsx'
import { When } from './time.tsx'

/** So many of the latest are listed. */
const SHOWN = 24

/** The backups of the data, and a button for another. */
export function Backups({
  view,
  backups,
  entries,
}: {
  view: View
  backups: BackupFacts
  entries: readonly BackupEntry[]
}) {
  const { t, f } = view
  const failed = backups.lastError()
  return (
    <section class="panel slim">
      <header>
        <h2>{t.backups}</h2>
        {backups.isRunning() ? <Badge tone="busy" text={t.backupRunning} /> : null}
        {view.mayAct ? (
          <span class="end">
            <ActionForm view={view} action="/backups" kind="inline">
              <button class="btn sm" type="submit" disabled={backups.isRunning()}>
                {t.backupNow}
              </button>
            </ActionForm>
          </span>
        ) : null}
      </header>
      {failed === undefined ? null : (
        <p class="body txt-bad">
          <When view={view} ms={failed.atMs} /> {failed.message}
        </p>
      )}
      {entries.length === 0 ? (
        <Empty title={t.emptyBackups} />
      ) : (
        <dl class="facts body">
          {entries
            .slice(-SHOWN)
            .reverse()
            .map(({ name, takenAtMs, bytes }) => (
              <div>
                <dt class="mono">{name}</dt>
                <dd>
                  <When view={view} ms={takenAtMs} /> · {f.bytes(bytes)}
                </dd>
              </div>
            ))}
        </dl>
      )}
    </section>
  )
}
