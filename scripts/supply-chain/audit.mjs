// Known vulnerabilities of what production needs, as `npm audit` tells them, less those that somebody has waived for a while in
// scripts/audit-waivers.json. No answer is not a clean answer: it fails as well, unless that is what is waived.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { runNpm } from './npm.mjs';

/** A waiver of this id stands for a registry that answers no audits; nothing is known as long as it is used. */
const NO_ANSWER = 'no-answer';
/** Longer than this nobody looks at it again. */
const LONGEST_WAIVER_DAYS = 180;
const SERIOUS = ['high', 'critical'];

/** `reportFile`: an answer of npm to be read in place of asking. `today`: YYYY-MM-DD. */
export function auditCheck({ root }, { today, reportFile }) {
  const waivers = JSON.parse(readFileSync(join(root, 'scripts/audit-waivers.json'), 'utf8'));
  const wrong = waivers.flatMap((each) => waiverFaults(each, today));
  const isWaived = (id) => waivers.some((each) => each.id === id && waiverFaults(each, today).length === 0);

  const answer = answerOf(reportFile === undefined ? askNpm(root) : readFileSync(reportFile, 'utf8'));
  if (answer.kind === 'none') {
    const summary = `NOT AUDITED, the registry gave no answer: ${answer.why}`;
    if (isWaived(NO_ANSWER)) return { wrong, waived: true, summary };
    return {
      wrong: [...wrong, 'ask a registry that answers audits: npm_config_registry=... names it'],
      summary,
    };
  }
  const serious = answer.advisories.filter(({ severity }) => SERIOUS.includes(severity));
  for (const { id, severity, name, title } of serious) {
    if (!isWaived(id)) wrong.push(`${severity} ${id} in ${name}: ${title}`);
  }
  for (const { id } of waivers) {
    if (id !== NO_ANSWER && !serious.some((each) => each.id === id))
      wrong.push(`the waiver of ${id} waives nothing`);
  }
  const minor = answer.advisories.length - serious.length;
  return { wrong, summary: `${serious.length} high or critical, ${minor} below` };
}

function waiverFaults({ id, reason, until }, today) {
  if (typeof id !== 'string' || typeof reason !== 'string' || reason.length < 20) {
    return [`a waiver needs an id and a reason that somebody else understands: ${JSON.stringify(id)}`];
  }
  const days = (Date.parse(until) - Date.parse(today)) / 86_400_000;
  if (!/^\d{4}-\d\d-\d\d$/.test(until) || Number.isNaN(days))
    return [`the waiver of ${id} has no date: ${until}`];
  if (days < 0) return [`the waiver of ${id} ended on ${until}`];
  return days > LONGEST_WAIVER_DAYS
    ? [`the waiver of ${id} is for more than ${LONGEST_WAIVER_DAYS} days`]
    : [];
}

function askNpm(root) {
  return runNpm(['audit', '--omit=dev', '--json', '--audit=true'], root).stdout;
}

/** Advisories of npm's report version 2, each once. */
function answerOf(text) {
  let report;
  try {
    report = JSON.parse(text);
  } catch {
    return { kind: 'none', why: 'npm printed no report' };
  }
  if (report.auditReportVersion !== 2) {
    return {
      kind: 'none',
      why: String(report.message ?? report.error?.summary ?? 'of a form that is not known').split(' - ')[0],
    };
  }
  const advisories = new Map();
  for (const { via } of Object.values(report.vulnerabilities)) {
    for (const each of via) {
      if (typeof each === 'string') continue; // another package, which has an entry of its own
      const id = /GHSA(-\w{4}){3}/.exec(each.url ?? '')?.[0] ?? String(each.source);
      advisories.set(id, { id, severity: each.severity, name: each.name, title: each.title });
    }
  }
  return { kind: 'report', advisories: [...advisories.values()] };
}
