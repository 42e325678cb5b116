export { MAPS, OBJECT_PATH, PROGRAMS } from './names.ts';
export { COUNTERS, INTERFACE_SLOTS, KNOBS, LIVE, REASON_COUNTERS, SLOT_TABLE_SIZE } from './state.ts';
