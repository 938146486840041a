// What waits for a person, each line a link to where it is done.
export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component
  const box = root.querySelector('.at')
  box.replaceChildren(...data.items.map((item, index) => {
    const link = el('a', '', el('span', 'mk c-' + item.color, icon(item.icon)),
      el('span', 'cut', el('span', 'x', item.title), item.note ? el('span', 's', item.note) : ''), el('span', 'go', icon('chevron_right')))
    link.href = item.href
    link.title = item.title + (item.note ? '\n' + item.note : '')
    link.onclick = event => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
      event.preventDefault()
      setTriggerValue('opened', index)
    }
    return link
  }))
}
