// Who did what, when; with what the network said and the ids to find it again.
export default function (component) {
  const { data, parentElement: root } = component
  root.querySelector('.tl').replaceChildren(...data.entries.map(entry => {
    const time = el('time', '', entry.time)
    time.dateTime = entry.iso
    time.title = entry.time_title
    const line = el('div', 'l', el('b', '', entry.who), ' ', entry.what, entry.account ? el('span', 'quiet', ' · ' + entry.account) : '')
    const facts = entry.facts.map(([name, value]) => el('span', '', name + ' ', el('code', '', value)))
    return el('li', '', el('span', 'mk c-' + entry.color, icon(entry.icon)),
      el('div', 'w', line, entry.detail ? el('div', 'd' + (entry.said ? ' said' : ''), entry.detail) : '', facts.length ? el('div', 'f', ...facts) : ''),
      time)
  }))
}
