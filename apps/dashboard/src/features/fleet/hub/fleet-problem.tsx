import type { FleetError } from '@packetlog/common/fleet';
import type { ReactNode } from 'react';

const TITLE: Readonly<Record<FleetError['code'], string>> = {
  forbidden: 'Your role does not include this.',
  invalid: 'The hub rejected this.',
  not_found: 'Not found.',
  conflict: 'Another change came first.',
  unavailable: 'Not possible now.',
  internal: 'The hub failed.',
};

/** Why the hub rejected a request. */
export function FleetProblem({
  error: { code, field, message },
  children,
}: {
  error: FleetError;
  children?: ReactNode;
}) {
  return (
    <div role="alert" className="fleet-problem appear" data-testid="fleet-problem" data-code={code}>
      <p className="font-medium">{TITLE[code]}</p>
      <p>
        {field !== undefined && <span className="font-mono">{field}: </span>}
        {message}
      </p>
      {children}
    </div>
  );
}
