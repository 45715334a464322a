/* holds: where the cursor of a reliable seat stands while its messages are released on several threads.
 *
 * Models   one receiving thread and two that let go of messages, all of one process. A message that is kept takes one of two
 *          places; a place is held while its bits in `taken` (stored by the receiving thread alone) and in `released`
 *          (changed by compare-and-swap, each change counted) differ. To let go: load `released`; load `next`, then
 *          `taken`; compute the lowest position that is still held, or next; look whether `released` has changed since; store
 *          the cursor; flip the own bit by compare-and-swap, and start over if it fails. Reading on without keeping a
 *          message does the same with no bit to flip. The cursor's store sits in its thread's store buffer until it drains or
 *          until that thread's next compare-and-swap. gate_join takes for granted what is shown here.
 * P1       the cursor never passes a message that is still needed, nor the reading position.
 * P2       when all is released the cursor stands at the reading position: no publisher waits for room that is free.
 * Flags    -DRECORDS= how many are read.
 * Reach    -DREACH_RETRY, -DREACH_REUSE: must fail; a compare-and-swap fails, and a place is used again.
 * Mutants (each must fail)
 *   -DMUTANT_NO_SECOND_LOOK  `released` is not looked at again before the store: a place that was released and taken again in
 *                            between looks free, and the cursor passes what it holds now.
 *   -DMUTANT_NEXT_LATE       `next` is loaded after `taken`: a message that is taken in between is passed.
 *   -DMUTANT_NO_RETRY        the bit is flipped by an unconditional read-modify-write: the last cursor may be an old one.
 *   -DMUTANT_NOT_COUNTED     `released` does not count its changes: a place that was let go of and taken and let go of again
 *                            looks unchanged, an old cursor is the last one.
 */
#ifndef RECORDS
#define RECORDS 4
#endif
#define THREADS 3                       /* 0 receives, 1 and 2 let go */
#define NOTHING 255

byte taken = 0, released = 0, next = 0; /* of `released`, the two low bits are places, the rest a count */
byte position[2];
byte cursor = 0;
byte buffered[THREADS] = NOTHING;       /* a cursor that its thread has stored and others do not see yet */
bool handed_out[2];                     /* a message in this place is the user's */
bool needed[RECORDS];                   /* ghost: from when it is kept until it is let go of */
bool all_read = false;
byte uses[2];                           /* ghost: of REACH_REUSE */

#define BITS(r)  ((r) % 4)
#define HELD(t, r) ((t) ^ BITS(r))
#ifdef MUTANT_NOT_COUNTED
#define CHANGED(r, flip) (BITS(r) ^ (flip))
#else
#define CHANGED(r, flip) ((((r) / 4 + 1) % 32) * 4 + (BITS(r) ^ (flip)))
#endif

inline show_cursor(i) {                 /* a buffered store becomes visible */
  d_step {
    cursor = buffered[i];
    buffered[i] = NOTHING;
    k = 0;
    do
    :: k < RECORDS -> assert(!needed[k] || cursor <= k); k++                    /* P1 */
    :: else -> break
    od;
    k = 0;
    assert(cursor <= next)
  }
}

proctype store_buffers() {
  byte k;
end:
  do
  :: atomic { buffered[0] != NOTHING -> show_cursor(0) }
  :: atomic { buffered[1] != NOTHING -> show_cursor(1) }
  :: atomic { buffered[2] != NOTHING -> show_cursor(2) }
  od
}

/* flip: the bit of the place that is let go of, or 0 */
inline move_cursor(flip) {
  do
  :: old = released;
#ifdef MUTANT_NEXT_LATE
     held = HELD(taken, old) & ~flip;
     to = next;
#else
     to = next;
     held = HELD(taken, old) & ~flip;
#endif
     if :: held & 1 -> to = (position[0] < to -> position[0] : to) :: else fi;
     if :: held & 2 -> to = (position[1] < to -> position[1] : to) :: else fi;
#ifndef MUTANT_NO_SECOND_LOOK
     if :: released != old -> goto again :: else fi;
#endif
     if
     :: to == cursor                                            /* nothing to store */
     :: else ->
        buffered[id] = to;
        buffered[id] == NOTHING                                 /* the compare-and-swap drains first */
     fi;
#ifdef MUTANT_NO_RETRY
     released = CHANGED(released, flip);
     break;
#endif
     if
     :: atomic { released == old -> released = CHANGED(old, flip) }; break
     :: atomic { released != old ->
#ifdef REACH_RETRY
          assert(false)
#else
          skip
#endif
        }
     fi;
again:
     skip
  od;
  atomic { old = 0; held = 0; to = 0 }
}

proctype receiver() {
  byte id = 0, n = 0, place, old, held, to;
  do
  :: n == RECORDS -> break
  :: n < RECORDS ->
     if
     :: held = HELD(taken, released);   /* keep it, if a place is free */
        if
        :: held == 3 -> held = 0; HELD(taken, released) != 3
        :: else ->
           place = (held & 1 -> 1 : 0);
           held = 0;
#ifdef REACH_REUSE
           assert(uses[place] == 0); uses[place]++;
#endif
           position[place] = n;
           needed[n] = true;
           taken = taken ^ (1 << place);
           next = n + 1;
           handed_out[place] = true;
           n++
        fi;
        place = 0
     :: next = n + 1;                   /* read it, and do not keep it */
        n++;
        move_cursor(0)
     fi
  od;
  all_read = true
}

proctype releaser(byte id) {
  byte place, old, held, to;
  do
  :: atomic { handed_out[0] -> handed_out[0] = false; place = 0; needed[position[0]] = false };
     move_cursor(1)
  :: atomic { handed_out[1] -> handed_out[1] = false; place = 1; needed[position[1]] = false };
     move_cursor(2)
  :: all_read && !handed_out[0] && !handed_out[1] -> break
  od
}

init {
  byte done = 0;
  atomic { run store_buffers(); run receiver(); run releaser(1); run releaser(2) };
  _nr_pr == 2;                          /* store_buffers and this: all others have ended */
  assert(cursor == RECORDS)                                                     /* P2 */
}
