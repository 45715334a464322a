/* seat_reuse: a dead reliable seat is passed over by publishers, reaped by the broker, and given to another process.
 *
 * Models   a seat: its word (state, epoch), the bit among the active seats, who is there, cursor, one pin. Its first tenant
 *          holds record 0 by its cursor and then by a pin, and dies at any time. Two fellows look at the seat: word, then
 *          who is there; if that one is gone: from exactly that word to `dead`, by compare-and-swap. Each may die
 *          before any of its steps. A publisher (whoever has the mutex) refreshes its limit as in gate_join and
 *          looks at pins behind the cursors: neither cursor nor pins of a `dead` seat count. The broker reaps (bit, pin,
 *          who, then free, each a step; it may stop once and begins again), grants (pin, who, then reserved with the next
 *          epoch), and the newcomer joins (cursor, reliable, bit, then looks at the tail), receives, pins, leaves. The
 *          publisher's and the joiner's fences are in gate_join; here stores are seen at once.
 *          A record is one cell; positions are counted in cells, the ring has CAP.
 * P1       what a living tenant stands at or has pinned is never stored into.
 * P2       a newcomer is gating from its join until it leaves, whoever still acts on the death of the last tenant.
 * P3       nobody is blocked for ever (else: invalid end state), also without a broker (-DNO_BROKER): then it is the
 *          fellows' doing that cursor and pin of the dead count no more.
 * Flags    -DCAP= cells, -DMAXPOS= where the publisher stops, -DNO_BROKER.
 * Reach    -DREACH_LATE, -DREACH_DEAD: must fail: a fellow comes with its compare-and-swap when the next tenant is there; the
 *          broker reaps a seat that is `dead`.
 * Mutants (each must fail)
 *   -DMUTANT_STATE_ONLY    the compare looks at the state, not at the epoch.
 *   -DMUTANT_CLEAR_ACTIVE  who has stored `dead` clears the active bit too.
 *   -DMUTANT_WHO_FIRST     a fellow looks who is there, and loads the word after that.
 *   -DMUTANT_NO_PROOF      a seat that gates is taken for dead.
 *   -DNO_BROKER -DMUTANT_PINS_COUNT  pins of a dead seat count.
 */
#ifndef CAP
#define CAP 2
#endif
#ifndef MAXPOS
#define MAXPOS 5
#endif
#define NO_GATE 100

mtype = { FREE, RESERVED, RELIABLE, DEAD, LEFT };

mtype state = RELIABLE;                 /* state and epoch are one word: they change in one step */
byte epoch = 1;
bool is_active = true;
byte who = 1;
byte cursor = 0;
byte pin = 0;                           /* position + 1 */

bool first_is_dead = false, joined = false, has_left = false;
byte held_by_first = 1;                 /* ghosts: position + 1 of what is held */
byte held_by_second = 0;

byte tail = 0, head = 1, limit = 0;     /* record 0 is there */
byte stops = 1;                       /* how often the broker may */

#define GATE ((is_active && state == RELIABLE) -> cursor : NO_GATE)
#ifdef MUTANT_PINS_COUNT
#define PINS_COUNT true
#else
#define PINS_COUNT (state != DEAD)
#endif
#define PIN  ((is_active && PINS_COUNT) -> pin : 0)
#define MIN(a, b) ((a) < (b) -> (a) : (b))

inline look_at_gate(m) {                /* bit, word, cursor: each is loaded once */
  m = NO_GATE;
  if
  :: is_active -> if :: state == RELIABLE -> m = cursor :: else fi
  :: else
  fi
}

proctype publisher() {
  byte m, m2, next, p;
  do
  :: head == MAXPOS -> break
  :: head < MAXPOS && head < limit ->
     /* pins, behind the cursors; the record then goes over what was a lap before */
     p = 0;
     if
     :: is_active -> if :: PINS_COUNT -> p = pin :: else fi
     :: else
     fi;
     if
     :: p > 0 && (p - 1) % CAP == head % CAP -> (PIN != p)              /* waits; stepping over is in pins, step_over */
     :: else ->
        atomic {
          assert(held_by_first == 0 || (held_by_first - 1) % CAP != head % CAP);        /* P1 */
          assert(held_by_second == 0 || (held_by_second - 1) % CAP != head % CAP);
          head++
        }
     fi;
     p = 0
  :: head < MAXPOS && head >= limit ->
     look_at_gate(m);
     next = MIN(m + CAP, head + 1);
     if :: next > tail + CAP -> tail = next - CAP :: else fi;
     look_at_gate(m2);
     next = MIN(next, m2 + CAP);
     if
     :: next > limit -> limit = next
     :: else -> m = MIN(m, m2); (GATE != m)
     fi;
     m = 0; m2 = 0; next = 0
  od
}

proctype first() {
  if
  :: pin = 1; cursor = 1; if :: atomic { held_by_first = 0; pin = 0 } :: true fi
  :: true
  fi;
  atomic { first_is_dead = true; held_by_first = 0 }
}

#define MAY_DIE if :: goto out :: true fi

proctype fellow() {
  byte seen;
  bool gone, mine;
#ifdef NO_BROKER
  first_is_dead;                        /* whoever has died is followed by one that looks again */
#endif
#ifdef MUTANT_WHO_FIRST
  gone = (who == 1 && first_is_dead);
#endif
  if :: atomic { is_active && state == RELIABLE -> seen = epoch } :: atomic { else -> goto out } fi;
#ifndef NO_BROKER
  MAY_DIE;
#endif
#ifdef MUTANT_NO_PROOF
  gone = true;
#elif !defined(MUTANT_WHO_FIRST)
  gone = (who == 1 && first_is_dead);
#endif
  if :: !gone -> goto out :: else fi;
#ifndef NO_BROKER
  MAY_DIE;
#endif
#ifdef REACH_LATE
  assert(!joined);
#endif
  atomic {
#ifdef MUTANT_STATE_ONLY
    if :: state == RELIABLE -> state = DEAD; mine = true :: else fi
#else
    if :: state == RELIABLE && epoch == seen -> state = DEAD; mine = true :: else fi
#endif
  };
#ifdef MUTANT_CLEAR_ACTIVE
  if :: mine -> MAY_DIE; is_active = false :: else fi;
#endif
out:
  skip
}

#define MAY_STOP if :: stops > 0 -> stops--; goto again :: true fi

proctype broker() {
  first_is_dead;
again:
#ifdef REACH_DEAD
  assert(state != DEAD);
#endif
  is_active = false;
  MAY_STOP;
  pin = 0;
  MAY_STOP;
  who = 0;
  MAY_STOP;
  state = FREE;                         /* with the epoch that is there */
  MAY_STOP;
  pin = 0;
  who = 2;
  atomic { state = RESERVED; epoch++ };
  run newcomer()
}

#define IS_GATING (state == RELIABLE && epoch == 2 && is_active)

proctype newcomer() {
  byte x;
  x = tail;
  cursor = x;
  state = RELIABLE;
  is_active = true;
  do
  :: atomic { tail <= x -> joined = true; held_by_second = x + 1; break }
  :: atomic { tail > x -> x = tail }; cursor = x
  od;
  assert(IS_GATING);                                            /* P2 */
  if
  :: head > x ->                        /* receives, pins, moves on */
     pin = x + 1;
     cursor = x + 1;
     assert(IS_GATING);                                         /* P2 */
     atomic { held_by_second = 0; pin = 0 }
  :: true
  fi;
  held_by_second = 0;
  is_active = false;
  state = LEFT;
  assert(epoch == 2 && !is_active)
}

init {
  atomic {
    run publisher(); run first(); run fellow(); run fellow();
#ifndef NO_BROKER
    run broker()
#endif
  }
}
