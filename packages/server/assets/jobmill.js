// @ts-check
// Comfort only: every page and every action works without this file.

const root = document.documentElement
const base = root.dataset.base ?? ''

/** @template {Element} T @param {string} selector @param {ParentNode} [within] @returns {T[]} */
const all = (selector, within = document) =>
  /** @type {T[]} */ ([...within.querySelectorAll(selector)])

/** @param {string} name @param {string} value */
function remember(name, value) {
  document.cookie = `jobmill_${name}=${value};path=${base}/;max-age=31536000;samesite=lax`
}

// ---- the times of this place

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
for (const field of /** @type {HTMLInputElement[]} */ (all('[data-time-zone]'))) field.value = zone

// ---- choosing rows

/** @type {HTMLInputElement | undefined} */
let lastTick

/** @returns {HTMLInputElement[]} */
const ticks = () => all('tbody input[type="checkbox"]:not(:disabled)')

/** @param {string | undefined} text @param {number} n */
const withCount = (text, n) => (text ?? '').replace('{n}', n.toLocaleString(root.lang))

function countTicks() {
  const rows = ticks()
  const chosen = rows.filter((row) => row.checked).length
  for (const head of /** @type {HTMLInputElement[]} */ (all('[data-check-all]'))) {
    head.checked = chosen > 0 && chosen === rows.length
    head.indeterminate = chosen > 0 && chosen < rows.length
  }
  for (const text of /** @type {HTMLElement[]} */ (all('[data-sel-text]'))) {
    text.textContent = withCount(text.dataset.selText, chosen)
  }
  for (const button of /** @type {HTMLButtonElement[]} */ (all('.selbar button[name]'))) {
    button.disabled = chosen === 0
  }
}

document.addEventListener('click', (event) => {
  const tick = /** @type {HTMLInputElement} */ (event.target)
  const rows = ticks()
  const at = rows.indexOf(tick)
  if (at < 0) return
  const from = lastTick ? rows.indexOf(lastTick) : -1
  if (event.shiftKey && from >= 0) {
    for (let i = Math.min(at, from); i <= Math.max(at, from); i += 1) rows[i].checked = tick.checked
  }
  lastTick = tick
  countTicks()
})
document.addEventListener('change', (event) => {
  const target = /** @type {HTMLInputElement} */ (event.target)
  if (target.matches?.('[data-check-all]')) for (const row of ticks()) row.checked = target.checked
  countTicks()
})

// A page that comes back from the browser's history brings its ticks along.
addEventListener('pageshow', countTicks)

// ---- copying

function showCopy() {
  if (!navigator.clipboard) return
  for (const button of /** @type {HTMLElement[]} */ (all('[data-copy]'))) button.hidden = false
}
document.addEventListener('click', (event) => {
  const button = /** @type {HTMLElement} */ (event.target).closest?.('[data-copy]')
  if (button instanceof HTMLElement) void navigator.clipboard.writeText(button.dataset.copy ?? '')
})

// ---- live updates: the page is fetched again and what differs is put in

/** @type {{ morph(old: Element, fresh: NodeListOf<ChildNode>, options: object): void } | undefined} */
let idiomorph
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer
let version = ''
let failures = 0
let connectedAt = new Date()

const main = () => /** @type {HTMLElement} */ (document.getElementById('main'))
const everyMs = () => Number(main().dataset.live ?? 0)

/** Forms that somebody has begun to fill in. @type {WeakSet<Element>} */
const touched = new WeakSet()
document.addEventListener('input', ({ target }) => {
  const field = /** @type {HTMLInputElement} */ (target)
  if (field.form && field.type !== 'checkbox') touched.add(field.form)
})

/** Nothing may change under somebody's hands. */
function isBusy() {
  const selection = getSelection()
  return (
    document.hidden ||
    document.querySelector('dialog[open], details.menu[open]') !== null ||
    ticks().some((row) => row.checked) ||
    (selection !== null && !selection.isCollapsed)
  )
}

async function loadMorph() {
  if (idiomorph) return
  const script = document.createElement('script')
  script.src = main().dataset.morph ?? ''
  await new Promise((resolve, reject) => {
    script.onload = resolve
    script.onerror = reject
    document.head.append(script)
  })
  idiomorph = /** @type {any} */ (window).Idiomorph
}

/**
 * A list does not jump: its rows stay where they are, marked once their job is elsewhere, and what
 * is newer is only counted.
 * @param {Element} old @param {Element} next changed to what is to be shown
 */
function keepRows(old, next) {
  /** @type {(HTMLTableSectionElement | null)[]} */
  const [was, will] = [old, next].map((one) => one.querySelector('tbody[data-gone]'))
  const button = /** @type {HTMLElement | null} */ (next.querySelector('[data-newer]'))
  if (!was || !will || !button) return
  const fresh = new Map([...will.rows].map((row) => [row.dataset.jid, row]))
  const rows = [...was.rows].map((row) => {
    const now = fresh.get(row.dataset.jid)
    fresh.delete(row.dataset.jid)
    return now ?? goneRow(row, was.dataset.gone ?? '')
  })
  will.replaceChildren(...rows)
  button.hidden = fresh.size === 0
  button.textContent = withCount(button.dataset.newer, fresh.size)
}

/** @param {HTMLTableRowElement} row @param {string} text */
function goneRow(row, text) {
  const gone = /** @type {HTMLTableRowElement} */ (row.cloneNode(true))
  if (gone.classList.contains('gone')) return gone
  gone.classList.add('gone')
  const badge = document.createElement('span')
  badge.className = 'badge'
  badge.textContent = text
  gone.querySelector('.lead .mono')?.append(' ', badge)
  for (const tick of /** @type {HTMLInputElement[]} */ (all('input', gone))) tick.disabled = true
  return gone
}

/** @param {Response} response @param {boolean} asked show what is newer too */
async function takeIn(response, asked) {
  version = response.headers.get('X-Jobmill-Version') ?? ''
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html')
  await loadMorph()
  if (isBusy()) return
  const options = {
    ignoreActiveValue: true,
    morphStyle: 'innerHTML',
    callbacks: {
      beforeAttributeUpdated: (/** @type {string} */ name) => name !== 'checked' && name !== 'open',
      beforeNodeMorphed: (/** @type {Element} */ node) => !touched.has(node),
    },
  }
  for (const id of ['main', 'nav', 'clock']) {
    const [old, next] = [document.getElementById(id), fresh.getElementById(id)]
    if (!old || !next) continue
    if (id === 'main') {
      old.dataset.live = next.dataset.live ?? '0'
      next.querySelector('.flash')?.remove()
      if (!asked) keepRows(old, next)
    }
    idiomorph?.morph(old, next.childNodes, options)
  }
  document.title = fresh.title
  showCopy()
  countTicks()
}

let updating = false

/** @param {boolean} [asked] by somebody, who wants to see what is newer */
async function update(asked = false) {
  if (updating) return
  if (!isBusy()) {
    updating = true
    try {
      if (asked) version = ''
      const headers = { 'X-Jobmill-Live': version }
      const response = await fetch(location.href, { headers, credentials: 'same-origin' })
      if (response.status === 200) await takeIn(response, asked)
      else if (response.status !== 204 && response.status !== 404)
        throw new Error(`${response.status}`)
      failures = 0
      connectedAt = new Date()
    } catch {
      failures += 1
    }
    const offline = /** @type {HTMLElement | null} */ (document.querySelector('.offline'))
    if (offline) {
      offline.hidden = failures === 0
      offline.textContent = `${offline.dataset.text} ${connectedAt.toLocaleTimeString(root.lang)}`
    }
    updating = false
  }
  schedule()
}

function schedule() {
  clearTimeout(timer)
  const every = everyMs()
  if (every > 0)
    timer = setTimeout(
      () => void update(),
      failures === 0 ? every : Math.min(60_000, 1000 * 2 ** failures),
    )
}
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && everyMs() > 0) void update()
})

document.addEventListener('click', (event) => {
  const button = /** @type {HTMLElement} */ (event.target).closest?.('[data-newer]')
  if (button) void update(true)
})

/** @param {boolean} on */
function setLive(on) {
  remember('live', on ? 'on' : 'off')
  location.reload()
}
document.addEventListener('click', (event) => {
  const link = /** @type {HTMLElement} */ (event.target).closest?.('[data-live-toggle]')
  if (!link) return
  event.preventDefault()
  setLive(everyMs() === 0)
})

// ---- charts: a cross that follows the pointer or the arrow keys

/** @param {HTMLElement} chart */
function cross(chart) {
  /** Live updates change it. @returns {[string, string, (string | number | null)[]][]} */
  const read = () => JSON.parse(chart.dataset.series ?? '[]')
  const plot = chart.querySelector('.plot')
  const count = read()[0]?.[2].length ?? 0
  if (!plot || count === 0) return
  /** @type {HTMLElement | undefined} */
  let tip
  /** @type {SVGElement | undefined} */
  let line
  let at = count - 1
  const hide = () => {
    tip?.remove()
    line?.remove()
    tip = line = undefined
  }
  /** @param {number} i */
  const show = (i) => {
    at = Math.max(0, Math.min(count - 1, i))
    if (!tip || !line) {
      tip = document.createElement('div')
      tip.className = 'tip'
      tip.setAttribute('role', 'status')
      line = document.createElementNS('http://www.w3.org/2000/svg', 'line')
      line.setAttribute('class', 'cross')
      line.setAttribute('y1', '0')
      line.setAttribute('y2', '100')
      chart.append(tip)
      plot.append(line)
    }
    const x = count === 1 ? 100 : (at / (count - 1)) * 100
    line.setAttribute('x1', `${x}`)
    line.setAttribute('x2', `${x}`)
    tip.textContent = read()
      .map(([name, unit, values]) => `${name} ${values[at] ?? '–'} ${unit}`)
      .join('   ')
    const [box, own] = [plot.getBoundingClientRect(), chart.getBoundingClientRect()]
    const left = box.left - own.left + (x / 100) * box.width - tip.offsetWidth / 2
    tip.style.left = `${Math.min(Math.max(0, left), own.width - tip.offsetWidth)}px`
  }
  chart.addEventListener('pointermove', (event) => {
    const box = plot.getBoundingClientRect()
    show(Math.round(((event.clientX - box.left) / box.width) * (count - 1)))
  })
  chart.addEventListener('pointerleave', hide)
  chart.addEventListener('blur', hide)
  chart.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -count, End: count }[event.key]
    if (event.key === 'Escape') hide()
    if (step === undefined) return
    event.preventDefault()
    show(at + step)
  })
}
for (const chart of /** @type {HTMLElement[]} */ (all('.chart[data-series]'))) cross(chart)

// ---- keys

/** @type {Record<string, string>} */
const PLACES = {
  o: '/',
  q: '/queues',
  b: '/busy',
  s: '/scheduled',
  r: '/retries',
  d: '/morgue',
  h: '/health',
}
let going = false

/** @param {number} step */
function moveRow(step) {
  const rows = /** @type {HTMLAnchorElement[]} */ (
    all('tbody tr a.strong, tbody tr td:first-child a')
  )
  const at = rows.indexOf(/** @type {HTMLAnchorElement} */ (document.activeElement))
  rows[Math.max(0, Math.min(rows.length - 1, at + step))]?.focus()
}

/** @type {Record<string, () => void>} */
const KEYS = {
  '?': () => void (location.href = `${base}/help`),
  '/': () => /** @type {HTMLElement | null} */ (document.querySelector('.find input'))?.focus(),
  g: () => void (going = true),
  j: () => moveRow(1),
  k: () => moveRow(-1),
  x: () => {
    const tick = /** @type {HTMLInputElement | null | undefined} */ (
      document.activeElement?.closest('tr')?.querySelector('input[type="checkbox"]')
    )
    tick?.click()
  },
  n: () => /** @type {HTMLElement | null} */ (document.querySelector('a[rel="next"]'))?.click(),
  p: () => /** @type {HTMLElement | null} */ (document.querySelector('a[rel="prev"]'))?.click(),
  r: () => void update(true),
  l: () => setLive(everyMs() === 0),
  t: () => {
    const next = { light: 'dark', dark: 'auto' }[root.dataset.theme ?? ''] ?? 'light'
    remember('theme', next)
    if (next === 'auto') delete root.dataset.theme
    else root.dataset.theme = next
  },
}

document.addEventListener('keydown', (event) => {
  const target = /** @type {HTMLElement} */ (event.target)
  if (event.key === 'Enter' && ticks().includes(/** @type {HTMLInputElement} */ (target))) {
    event.preventDefault()
  }
  const isField =
    /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !target.matches('[type="checkbox"]')
  if (isField) return
  if (event.key === 'Escape') {
    for (const menu of all('details.menu[open]')) {
      menu.removeAttribute('open')
      if (menu.contains(target)) menu.querySelector('summary')?.focus()
    }
    for (const row of ticks()) row.checked = false
    countTicks()
    return
  }
  if (root.dataset.keys === undefined || event.ctrlKey || event.metaKey || event.altKey) return
  if (going) {
    going = false
    const place = PLACES[event.key]
    if (place !== undefined) location.href = `${base}${place}`
    return
  }
  const act = KEYS[event.key]
  if (act === undefined) return
  event.preventDefault()
  act()
})

// In a narrow window the menu is a strip, and what is lit may lie outside.
document
  .querySelector('.nav [aria-current]')
  ?.scrollIntoView({ block: 'nearest', inline: 'center' })
showCopy()
countTicks()
schedule()
