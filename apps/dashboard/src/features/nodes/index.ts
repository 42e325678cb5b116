export { NodeSwitch } from './node-switch.tsx';
