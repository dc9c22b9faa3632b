import { IconFlask } from '@tabler/icons-react';
import classes from './demo-badge.module.css';

/** On everything that comes from the bundled demo server: generated people, nobody to call. */
export function DemoBadge() {
  return (
    <span className={classes.badge} title="Generated data of the bundled demo server: not a real person">
      <IconFlask size={13} aria-hidden />
      Demo
    </span>
  );
}
