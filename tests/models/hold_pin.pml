/* hold_pin: cursor and pins of one reliable seat while its messages are released on several threads.
 *
 * Models   one receiving thread and two that let go of messages, all of one process. A message that is kept takes one of
 *          two places; a place is held while its bits in `taken` (stored by the receiving thread alone) and in `released`
 *          (changed by compare-and-swap, each change counted) differ. The message received last is held by the cursor. When
 *          the next one is received and it is still held, it is pinned: the pin is stored, then the place is marked as
 *          pinned in `released`, then the cursor moves on; if the place has been released meanwhile, the receiving thread
 *          clears the pin itself. (The cursor moves by a plain store: whoever computed an older one before the mark fails its
 *          compare-and-swap.)
 *          To let go: load `released`; if the place is marked as pinned, clear its pin; load `next`, then `taken`; compute
 *          the position of what is held and not pinned, or next; look whether `released` has changed since; store the
 *          cursor; flip the own bit (and clear its mark) by compare-and-swap, and start over if it fails. Reading on without
 *          keeping a message does the same with no bit to flip. Each thread's stores pass through its store buffer, in
 *          order; its read-modify-writes drain it (the process's own words are not buffered: nobody stores one
 *          and loads another there). pins takes for granted what is shown here.
 * P1       whatever is needed lies at or behind the cursor, or is pinned: as others see it, at any time.
 * P2       when all is released the cursor stands at the reading position and all pins are clear: no publisher waits for
 *          room that is free, or steps over what nobody holds.
 * P3       (-DCLOSE) when the receiving thread reads no more while messages are held, the cursor goes away (it gates nobody),
 *          and exactly one thread, the last to let go, disposes of the seat; nothing is stored into it after that.
 * Flags    -DRECORDS= how many are read, -DCLOSE, -DCOUNTED_MOVE the receiving thread moves the cursor past what it has pinned
 *          as one does that lets go (not needed).
 * Reach    -DREACH_RETRY, -DREACH_REUSE, -DREACH_RACE, -DREACH_LAST: must fail; a compare-and-swap fails, a place is used
 *          again, a message is released while it is being pinned, a thread that lets go is the last after the close.
 * Mutants (each must fail)
 *   -DMUTANT_NO_SECOND_LOOK  `released` is not looked at again before the store: a place that was released and taken again in
 *                            between looks free, and the cursor passes what it holds now.
 *   -DMUTANT_NEXT_LATE       `next` is loaded after `taken`: a message that is taken in between is passed.
 *   -DMUTANT_NO_RETRY        the bit is flipped by an unconditional read-modify-write: the last cursor may be an old one.
 *   -DMUTANT_NOT_COUNTED     `released` does not count its changes: a place that was let go of and taken and let go of again
 *                            looks unchanged, an old cursor is the last one.
 *   -DMUTANT_CURSOR_FIRST    the cursor moves on before the pin is stored.
 *   -DMUTANT_MARK_FIRST      the place is marked before the pin is stored: whoever lets go clears nothing, the pin stays.
 *   -DMUTANT_BLIND_MARK      the mark is set although the place has been released: nobody clears the pin.
 *   -DMUTANT_LEFT_PIN        the receiving thread that finds the place released leaves the pin.
 *   -DMUTANT_CLEAR_LATE      the pin is cleared after the compare-and-swap: it may be that of the next message in the place.
 *   -DMUTANT_NO_CLEAR        who lets go does not clear the pin.
 *   -DMUTANT_MARK_STAYS      who lets go does not clear the mark: the next message in the place is taken for pinned.
 *   -DCLOSE -DMUTANT_CLOSE_UNPINNED  the cursor goes away with the message that it holds, which is not pinned.
 */
#ifndef RECORDS
#define RECORDS 3
#endif
#define NOWHERE 200                     /* the cursor of a seat that is being left */
#define NO_PLACE 2
#define NO_PIN 255

/* Of `released`: bits 0 and 1 are places, 2 and 3 their marks, 4 is set by the close, the rest counts. */
byte taken = 0, next = 0;
short released = 0;
byte position[2];
byte cursor = 0;
byte pin[2] = NO_PIN;                   /* the record's number */
bool handed_out[2];                     /* a message in this place is the user's */
bool needed[RECORDS];                   /* ghost: from when it is kept until it is let go of */
bool all_read = false, disposed = false;
byte uses[2];                           /* ghost: of REACH_REUSE */

mtype = { CURSOR, PIN };
chan buffer0 = [3] of { mtype, byte, byte };
chan buffer1 = [2] of { mtype, byte, byte };
chan buffer2 = [2] of { mtype, byte, byte };

#define BIT(place)   (1 << (place))
#define MARK(place)  (4 << (place))
#define CLOSED       16
#define HELD(t, r)   (((t) ^ (r)) & 3)
#define MARKS(r)     (((r) / 4) & 3)
#ifdef MUTANT_NOT_COUNTED
#define COUNTED(r, low) (low)
#else
#define COUNTED(r, low) (((((r) / 32 + 1) % 64) * 32) + (low))
#endif

inline drain(buffer) {                  /* the oldest store leaves the buffer */
  d_step {
    buffer ? kind, a, b;
    assert(!disposed);                                                          /* P3 */
    if
    :: kind == CURSOR -> cursor = a; assert(cursor <= next || cursor == NOWHERE)
    :: kind == PIN -> pin[a] = b
    fi;
    a = 0;
    do
    :: a < RECORDS -> assert(!needed[a] || cursor <= a || pin[0] == a || pin[1] == a); a++      /* P1 */
    :: else -> break
    od;
    kind = 0; a = 0; b = 0
  }
}

proctype store_buffers() {
  mtype kind;
  byte a, b;
end:
  do
  :: drain(buffer0)
  :: drain(buffer1)
  :: drain(buffer2)
  od
}

#define CHANGE(r, place, close) \
  COUNTED(r, (((r) & 31) ^ (place == NO_PLACE -> 0 : BIT(place))) & MARKS_LEFT(place) | (close))
#ifdef MUTANT_MARK_STAYS
#define MARKS_LEFT(place) 31
#else
#define MARKS_LEFT(place) (place == NO_PLACE -> 31 : 31 - MARK(place))
#endif

/* place: what is let go of, or NO_PLACE */
inline move_cursor(buffer, place, close) {
  do
  :: atomic {
       old = released;
#if !defined(MUTANT_NO_CLEAR) && !defined(MUTANT_CLEAR_LATE)
       if
       :: place != NO_PLACE && (old & MARK(place)) -> buffer ! PIN, place, NO_PIN
       :: else
       fi
#endif
     };
#ifdef MUTANT_NEXT_LATE
     held = HELD(taken, old);
     to = next;
#else
     to = next;
     held = HELD(taken, old);
#endif
     d_step {
       held = held & (3 - MARKS(old));
       if :: place != NO_PLACE -> held = held & (3 - BIT(place)) :: else fi;
       if :: held & 1 -> to = (position[0] < to -> position[0] : to) :: else fi;
       if :: held & 2 -> to = (position[1] < to -> position[1] : to) :: else fi;
       held = 0
     };
#ifndef MUTANT_NO_SECOND_LOOK
     if :: released != old -> goto again :: else fi;
#endif
     if
     :: to == cursor                                            /* nothing to store */
     :: else -> buffer ! CURSOR, to, 0
     fi;
     len(buffer) == 0;                                          /* the compare-and-swap drains first */
#ifdef MUTANT_NO_RETRY
     released = CHANGE(released, place, close);
     break;
#endif
     if
     :: atomic { released == old ->
          released = CHANGE(old, place, close);
          if
          :: (released & CLOSED) && HELD(taken, released) == 0 -> last = true
          :: else
          fi
        };
#ifdef MUTANT_CLEAR_LATE
        if :: place != NO_PLACE && (old & MARK(place)) -> buffer ! PIN, place, NO_PIN :: else fi;
#endif
        break
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

inline dispose() {
  atomic {
    if
    :: last ->
#ifdef REACH_LAST
       assert(!all_read);
#endif
       assert(!disposed); disposed = true; last = false
    :: else
    fi
  }
}

/* The message received last, if it is still held. */
inline pin_held() {
  if
  :: newest == NO_PLACE || (HELD(taken, released) & BIT(newest)) == 0   /* the thread knows its own `taken` */
  :: else ->
#ifdef MUTANT_CURSOR_FIRST
     buffer0 ! CURSOR, n, 0;
#endif
#ifndef MUTANT_MARK_FIRST
     buffer0 ! PIN, newest, position[newest];
#endif
     do
     :: old = released;
        if
#ifndef MUTANT_BLIND_MARK
        :: (HELD(taken, old) & BIT(newest)) == 0 ->
#ifdef REACH_RACE
           assert(false);
#endif
#ifndef MUTANT_LEFT_PIN
           buffer0 ! PIN, newest, NO_PIN;
#endif
           break
#endif
        :: else ->
           len(buffer0) == 0;
           if
           :: atomic { released == old -> released = COUNTED(old, (old & 31) | MARK(newest)) }; break
           :: atomic { released != old -> skip }
           fi
        fi
     od;
     old = 0;
#ifdef MUTANT_MARK_FIRST
     buffer0 ! PIN, newest, position[newest];
#endif
#ifdef COUNTED_MOVE
     move_cursor(buffer0, NO_PLACE, 0)
#else
     buffer0 ! CURSOR, n, 0
#endif
  fi;
  newest = NO_PLACE
}

proctype receiver() {
  byte n = 0, newest = NO_PLACE, place = NO_PLACE, held, to;
  short old;
  bool last = false;
  do
  :: n == RECORDS -> break
  :: n < RECORDS ->
     pin_held();
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
           len(buffer0) == 0;
           atomic { position[place] = n; needed[n] = true };
           taken = taken ^ BIT(place);
           atomic { next = n + 1; handed_out[place] = true; n++; newest = place; place = NO_PLACE }
        fi
     :: atomic { len(buffer0) == 0; n++; next = n };    /* read it, and do not keep it */
        move_cursor(buffer0, NO_PLACE, 0)
     fi
  od;
#ifdef CLOSE
#ifdef MUTANT_CLOSE_UNPINNED
  buffer0 ! CURSOR, NOWHERE, 0;
#else
  pin_held();
#endif
  atomic { len(buffer0) == 0; next = NOWHERE };
  move_cursor(buffer0, NO_PLACE, CLOSED);
  dispose();
#endif
  all_read = true
}

/* Each of the two lets go of what is in one of the places, so that either may overtake the other. */
#define RELEASER(place, buffer)                                                                         \
  do                                                                                                    \
  :: atomic { handed_out[place] -> handed_out[place] = false; needed[position[place]] = false };        \
     move_cursor(buffer, place, 0);                                                                     \
     dispose()                                                                                          \
  :: all_read && !handed_out[place] -> break                                                            \
  od

proctype releaser0() {
  byte held, to;
  short old;
  bool last = false;
  RELEASER(0, buffer1)
}

proctype releaser1() {
  byte held, to;
  short old;
  bool last = false;
  RELEASER(1, buffer2)
}

init {
  atomic { run store_buffers(); run receiver(); run releaser0(); run releaser1() };
  _nr_pr == 2 && len(buffer0) + len(buffer1) + len(buffer2) == 0;       /* store_buffers and this: all others have ended */
#ifdef CLOSE
  assert(disposed && cursor == NOWHERE);                                        /* P3 */
#else
  assert(cursor == RECORDS);                                                    /* P2 */
#endif
  assert(pin[0] == NO_PIN && pin[1] == NO_PIN)
}
