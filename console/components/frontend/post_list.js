// Posts as rows, each a link: a click opens it here, a middle click in a tab of its own.
export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component
  const list = root.querySelector('.list')
  list.className = 'list ' + data.layout
  list.setAttribute('aria-label', data.label)
  const focused = root.activeElement?.dataset?.id
  list.replaceChildren(...data.groups.flatMap(group => [
    group.title ? dayHead(group) : null,
    ...group.rows.map(row => postLink(row, data.layout === 'cards' ? postCard(row) : postRow(row), setTriggerValue)),
  ]).filter(Boolean))
  if (focused) list.querySelector('[data-id="' + focused + '"]')?.focus()
}

function dayHead (group) {
  const head = el('div', 'day', el('span', '', group.title), group.note ? el('span', 'quiet', group.note) : '')
  head.setAttribute('role', 'heading')
  head.setAttribute('aria-level', '2')
  return head
}

function accountsOf (row) {
  const first = row.accounts[0]
  const accounts = el('div', 'a', ...(first ? [dot(first.network), el('span', 'cut', first.name)] : [el('span', 'cut', 'No account yet')]),
    row.accounts.length > 1 ? el('span', 'plus num', '+' + (row.accounts.length - 1)) : '')
  accounts.title = row.accounts.map(account => account.name + ' (' + account.network.title + ')').join(', ')
  return accounts
}

function postRow (row) {
  const time = el('div', 't num', row.time, row.ago ? el('small', '', row.ago) : '')
  time.title = row.time_title
  const text = el('div', 'm', el('span', 'x' + (row.text ? '' : ' none'), row.text || 'No text yet'), row.note ? el('span', 's', row.note) : '')
  const state = el('div', 'b', badge(row.shown), row.progress ? el('small', 'num', row.progress) : '')
  return [time, text, accountsOf(row), state]
}

function postCard (row) {
  const time = el('span', 'num', row.time)
  time.title = row.time_title
  const head = el('div', 'h', time, row.ago ? el('span', 'num', row.ago) : '')
  return [head, el('div', 'x' + (row.text ? '' : ' none'), row.text || 'No text yet'), el('div', 'f', accountsOf(row), row.note ? el('span', 'cut', row.note) : '')]
}

function postLink (row, children, setTriggerValue) {
  const link = el('a', 'r' + (row.selected ? ' sel' : ''), ...children)
  link.href = row.href
  link.dataset.id = row.id
  if (row.selected) link.setAttribute('aria-current', 'true')
  link.onclick = event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
    event.preventDefault()
    setTriggerValue('opened', row.id)
  }
  return link
}
