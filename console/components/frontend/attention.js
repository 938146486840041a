// What waits for a person, under headings; each line is a link to where it is done, and says what can be done there.
export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component
  const box = root.querySelector('.at')
  const focused = root.activeElement?.dataset?.at
  box.replaceChildren(...data.items.flatMap((item, index) => [
    item.group && item.group !== data.items[index - 1]?.group ? groupHead(item.group) : null,
    itemLink(item, index, setTriggerValue),
  ]).filter(Boolean))
  if (focused) box.querySelector('[data-at="' + focused + '"]')?.focus()
}

function groupHead (words) {
  const head = el('div', 'group', words)
  head.setAttribute('role', 'heading')
  head.setAttribute('aria-level', '3')
  return head
}

function itemLink (item, index, setTriggerValue) {
  const link = el('a', '', el('span', 'mk c-' + item.color, icon(item.icon)),
    el('span', 'cut', el('span', 'x', item.title), item.note ? el('span', 's', item.note) : ''),
    item.action ? el('span', 'go', item.action) : '')
  link.href = item.href
  link.dataset.at = index
  link.title = item.title + (item.note ? '\n' + item.note : '')
  link.onclick = event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
    event.preventDefault()
    setTriggerValue('opened', index)
  }
  return link
}
