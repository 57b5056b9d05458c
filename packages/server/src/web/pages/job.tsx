import { State, type Explanation, type Job } from '@jobmill/core'
import { LIMITS } from '@jobmill/protocol'
import { memberOf } from '../../filter/fits.ts'
import { Hiding, plain } from '../../filter/values.ts'
import type { JobStory } from '../facts/job.ts'
import { PATHS } from '../facts/places.ts'
import { StateBadge, type Tone } from '../parts/badge.tsx'
import { ActionForm, Ask } from '../parts/form.tsx'
import { Icon, type IconName } from '../parts/icon.tsx'
import { jobPath, QueueLink, typeOf } from '../parts/job-cells.tsx'
import { Json, visible } from '../parts/json.tsx'
import { WorkerLink } from '../parts/job-table.tsx'
import type { Page } from '../parts/layout.tsx'
import { moment, When } from '../parts/time.tsx'
import type { View } from '../view.ts'

/** Bytes of arguments that the page shows. */
const SHOWN_MAX = 64 * 1024

/** One job: where it is, why, what it carries, and what can be done. */
export function jobPage(view: View, jid: string, story: JobStory, hide: readonly string[]): Page {
  const { t } = view
  const [job, ...others] = story.jobs
  const hiding = new Hiding(hide)
  if (job === undefined) {
    return {
      title: jid,
      children: (
        <>
          <div class="head">
            <h1 class="mono">{visible(jid)}</h1>
          </div>
          <Why view={view} tone="" icon="search" text={t.whyUnknown} more={t.whyUnknownMore} />
          {story.complete ? null : <p class="muted">{t.whyPartly}</p>}
        </>
      ),
    }
  }
  return {
    title: `${typeOf(job)} ${jid}`,
    ...(job.state === State.Queued ? { current: '/queues' } : { current: PATHS[job.state] }),
    liveMs: 2000,
    children: (
      <>
        <div class="head">
          <h1>{visible(typeOf(job))}</h1>
          <StateBadge view={view} state={job.state} />
          <span class="mono muted">{visible(job.jid)}</span>
          <CopyButton view={view} text={job.jid} />
          {view.mayAct ? <Deeds view={view} job={job} /> : null}
        </div>
        <Sentence view={view} why={story.why} />
        <div class="grid two">
          <div class="grid">
            <Arguments view={view} job={job} hiding={hiding} />
            <Backtrace view={view} job={job} />
          </div>
          <div class="grid">
            <Facts view={view} job={job} />
            <Custom view={view} job={job} hiding={hiding} />
            {view.mayAct ? <Change view={view} job={job} /> : null}
          </div>
        </div>
        {others.length === 0 ? null : <Others view={view} jobs={others} />}
      </>
    ),
  }
}

function Sentence({ view, why }: { view: View; why: Explanation }) {
  const { t, f } = view
  const away = (ms: number): string => f.duration(ms - view.nowMs)
  switch (why.code) {
    case 'paused':
      return <Why view={view} tone="warn" icon="pause" text={t.whyPaused(why.queue)} />
    case 'no_worker':
      return <Why view={view} tone="warn" icon="worker" text={t.whyNoWorker(why.queue)} />
    case 'behind':
      return (
        <Why view={view} tone="plan" icon="queues" text={t.whyBehind(why.queue, why.ahead, f)} />
      )
    case 'scheduled': {
      const text =
        why.atMs > view.nowMs
          ? t.whyScheduled(moment(view, why.atMs), away(why.atMs))
          : t.whyDue(away(why.atMs))
      return <Why view={view} tone="plan" icon="clock" text={text} />
    }
    case 'retrying': {
      const text =
        why.atMs > view.nowMs
          ? t.whyRetrying(f.number(why.tries + 1), moment(view, why.atMs), away(why.atMs))
          : t.whyDue(away(why.atMs))
      const more = t.whyRetryingMore(f.number(why.tries), visible(why.error), f.number(why.left))
      return <Why view={view} tone="warn" icon="clock" text={text} more={more} />
    }
    case 'running': {
      const until = moment(view, why.untilMs)
      const text = why.orphaned
        ? t.whyOrphaned(why.wid, until)
        : t.whyRunning(why.wid || '?', away(why.sinceMs), until)
      return <Why view={view} tone={why.orphaned ? 'bad' : 'busy'} icon="busy" text={text} />
    }
    case 'dead': {
      const gone = moment(view, why.deletedMs)
      const text = why.tries === 0 ? t.whyDeadKilled(gone) : t.whyDead(f.number(why.tries), gone)
      return <Why view={view} tone="bad" icon="dead" text={text} />
    }
    case 'unknown':
      return <Why view={view} tone="" icon="search" text={t.whyUnknown} more={t.whyUnknownMore} />
  }
}

function Why({
  view,
  tone,
  icon,
  text,
  more,
}: {
  view: View
  tone: Tone
  icon: IconName
  text: string
  more?: string
}) {
  return (
    <section class={`call ${tone}`.trim()} aria-live="off">
      <Icon view={view} name={icon} />
      <div>
        <h2>{visible(text)}</h2>
        {more === undefined ? null : <p>{more}</p>}
      </div>
    </section>
  )
}

/** What can be done, by where the job is. */
function Deeds({ view, job }: { view: View; job: Job }) {
  const { t } = view
  const deeds: (readonly [action: string, text: string, icon: IconName, kind: string])[] = []
  if (job.state === State.Scheduled) deeds.push(['retry', t.queueNow, 'play', 'btn primary'])
  if (job.state === State.Retry || job.state === State.Dead) {
    deeds.push(['retry', t.retryNow, 'retry', 'btn primary'])
  }
  if (job.state === State.Reserved) deeds.push(['recover', t.recover, 'retry', 'btn'])
  if (job.state !== State.Reserved && job.state !== State.Dead) {
    deeds.push(['kill', t.kill, 'kill', 'btn'])
  }
  return (
    <span class="end">
      {deeds.map(([action, text, icon, kind]) => (
        <ActionForm
          view={view}
          action={jobPath(job.jid)}
          fields={{ action, seq: String(job.seq) }}
          kind="inline"
        >
          <button class={kind} type="submit">
            <Icon view={view} name={icon} />
            {text}
          </button>
        </ActionForm>
      ))}
      {job.state === State.Reserved ? null : (
        <Ask
          view={view}
          action={jobPath(job.jid)}
          fields={{ action: 'delete', seq: String(job.seq) }}
          name={t.deleteAsk}
          text={t.confirmEffectDelete}
          verb={t.delete}
          icon="trash"
          danger
        />
      )}
    </span>
  )
}

function Arguments({ view, job, hiding }: { view: View; job: Job; hiding: Hiding }) {
  const { t } = view
  return (
    <section class="panel">
      <header>
        <h2>{t.args}</h2>
        <span class="end">
          <a class="btn sm ghost" href={view.href(`${jobPath(job.jid)}/json`)} download>
            {t.download}
          </a>
        </span>
      </header>
      <div class="body">
        <Shown
          view={view}
          text={memberOf(job.payload, 'args') ?? '[]'}
          root="args"
          hiding={hiding}
        />
      </div>
    </section>
  )
}

function Custom({ view, job, hiding }: { view: View; job: Job; hiding: Hiding }) {
  const text = memberOf(job.payload, 'custom')
  if (text === undefined) return null
  return (
    <section class="panel">
      <header>
        <h2>{view.t.custom}</h2>
      </header>
      <div class="body">
        <Shown view={view} text={text} root="custom" hiding={hiding} />
      </div>
    </section>
  )
}

/** A JSON text with what is hidden hidden; a long one is cut. */
function Shown({
  view,
  text,
  root,
  hiding,
}: {
  view: View
  text: string
  root: string
  hiding: Hiding
}) {
  const { t, f } = view
  const shown = hiding.apply(text, root, SHOWN_MAX + 1)
  const note = shown.hidden === 1 ? t.hiddenValue : t.hiddenValues(f.number(shown.hidden))
  return (
    <>
      {shown.text.length > SHOWN_MAX ? (
        <>
          <pre class="json" tabindex={0}>
            {visible(shown.text.slice(0, SHOWN_MAX))}
          </pre>
          <p class="muted">{t.cutText(f.bytes(Buffer.byteLength(text)))}</p>
        </>
      ) : (
        <Json text={shown.text} />
      )}
      {shown.hidden === 0 ? null : <p class="muted">{note}</p>}
    </>
  )
}

function Backtrace({ view, job }: { view: View; job: Job }) {
  const failure = job.extra?.failure
  if (failure === undefined) return null
  const { t, f } = view
  const lines = failure.backtrace ?? []
  return (
    <section class="panel">
      <header>
        <h2>{t.backtraceOf(f.number(failure.retryCount + 1))}</h2>
        <span class="end">
          <CopyButton view={view} text={[failure.message ?? '', ...lines].join('\n')} />
        </span>
      </header>
      <div class="body">
        <p>
          <b>{visible(failure.errtype ?? '')}</b> {visible(failure.message ?? '')}
        </p>
        {lines.length === 0 ? null : (
          <pre class="json trace" tabindex={0}>
            {visible(lines.join('\n'))}
          </pre>
        )}
      </div>
    </section>
  )
}

function Facts({ view, job }: { view: View; job: Job }) {
  const { t, f } = view
  const failure = job.extra?.failure
  const retry = job.extra?.retry ?? LIMITS.retryDefault
  const used = failure === undefined ? 0 : failure.retryCount + 1
  const createdAt = plain(memberOf(job.payload, 'created_at') ?? '""')
  const reserveS = job.extra?.reserveForS ?? LIMITS.reserveForSDefault
  return (
    <section class="panel">
      <header>
        <h2>{t.facts}</h2>
      </header>
      <dl class="facts body">
        <div>
          <dt>{t.queue}</dt>
          <dd>
            <QueueLink view={view} name={job.queue} />
          </dd>
        </div>
        <div>
          <dt>{t.priority}</dt>
          <dd>{f.number(job.priority)}</dd>
        </div>
        {job.state === State.Reserved ? (
          <div>
            <dt>{t.worker}</dt>
            <dd>
              <WorkerLink view={view} wid={job.wid} />
            </dd>
          </div>
        ) : null}
        <div>
          <dt>{t.retry}</dt>
          <dd>
            {retry > 0
              ? t.retryTimes(f.number(retry), f.number(used))
              : retry === 0
                ? t.retryNever
                : t.retryToDead}
          </dd>
        </div>
        <div>
          <dt>{t.reserveFor}</dt>
          <dd>{f.duration(reserveS * 1000)}</dd>
        </div>
        <div>
          <dt>{t.created}</dt>
          <dd>{visible(createdAt)}</dd>
        </div>
        {job.state === State.Queued ? (
          <div>
            <dt>{t.enqueued}</dt>
            <dd>
              <When view={view} ms={job.at} />
            </dd>
          </div>
        ) : null}
        {failure === undefined ? null : (
          <div>
            <dt>{t.firstFailed}</dt>
            <dd>{visible(failure.failedAt)}</dd>
          </div>
        )}
        <div>
          <dt>{t.size}</dt>
          <dd>{f.bytes(Buffer.byteLength(job.payload))}</dd>
        </div>
      </dl>
    </section>
  )
}

/** Another priority, queue or time for a job that does not run yet. */
function Change({ view, job }: { view: View; job: Job }) {
  if (job.state !== State.Queued && job.state !== State.Scheduled && job.state !== State.Retry) {
    return null
  }
  const { t } = view
  return (
    <section class="panel">
      <header>
        <h2>{t.change}</h2>
      </header>
      <ActionForm
        view={view}
        action={jobPath(job.jid)}
        fields={{ action: 'change', seq: String(job.seq) }}
        kind="body fields"
      >
        <label>
          <span>{t.priority}</span>
          <select class="input" name="priority">
            {[9, 8, 7, 6, 5, 4, 3, 2, 1].map((priority) => (
              <option value={String(priority)} selected={priority === job.priority}>
                {priority}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>{t.moveTo}</span>
          <input class="input" name="queue" value={job.queue} maxlength={250} required />
        </label>
        {job.state === State.Queued ? null : (
          <label>
            <span>{t.changeTime}</span>
            <input
              class="input"
              name="at"
              value={new Date(job.at).toISOString().slice(0, 19) + 'Z'}
              maxlength={40}
            />
          </label>
        )}
        <button class="btn" type="submit">
          {t.save}
        </button>
      </ActionForm>
    </section>
  )
}

function Others({ view, jobs }: { view: View; jobs: readonly Job[] }) {
  return (
    <section class="panel">
      <header>
        <h2>{view.t.alsoNamed}</h2>
      </header>
      <ul class="body">
        {jobs.map((job) => (
          <li>
            {visible(typeOf(job))} <StateBadge view={view} state={job.state} />{' '}
            <When view={view} ms={job.at} />
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Only of use where the browser lets a script copy; the script shows it there. */
function CopyButton({ view, text }: { view: View; text: string }) {
  return (
    <button class="btn sm ghost" type="button" data-copy={text} hidden>
      <Icon view={view} name="copy" />
      {view.t.copy}
    </button>
  )
}
