/** What stands where a list would be. */
export function Empty({ title, more }: { title: string; more?: string }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {more === undefined ? null : <p>{more}</p>}
    </div>
  )
}
