/* evict: `when_full: evict`, a publisher that throws out the seat in its way, against its reader and against a joiner.
 *
 * Models   one publisher (or whoever holds the mutex) of a channel whose readers pin every message that they are handed. What
 *          gates it: the cursors of reliable seats, and a fellow's open claim. When a cursor gates: the state changes by
 *          compare-and-swap from reliable to evicted; membarrier; the gates are looked at again; then pins. Pins of an
 *          evicted seat count until its owner has cleared them: they are stepped over (how: step_over, pins).
 *          The reader: word, then state; to take a record: pin; compiler barrier; state again; if it is still reliable the
 *          record is good until the pin is cleared; then the cursor moves on. It looks at the state after every word,
 *          whatever it says, so also on every miss. It holds up to two messages, also after it has been evicted.
 *          -DJOIN: a seat that joins: cursor = tail; state = reliable; membarrier; state, and tail again; if it has been
 *          evicted already, that is all (its first receive says so, as it does later), else until the tail is not beyond
 *          the cursor.
 *          The reader's stores pass through a store buffer in order; so does the publisher's tail (-DJOIN). Records as in pins.
 * P1       whoever was handed a record finds it whole until it lets go, evicted or not.
 * P2       a reader goes by no word that was stored for another position; while it is reliable it sees each record.
 * P3       only a seat whose own cursor is in the way is evicted: never for a fellow's open claim, nor for pins.
 * P4       nobody is blocked for ever (else: invalid end state): the publisher does not wait for a reader that has stopped
 *          (-DSTOPPED: it holds nothing but its place), and the evicted reader learns of it.
 * P5       a seat that has joined is evicted, or stands at a place that nobody has stored into.
 * Flags    -DN= cells, -DMAXPOS=, -DREADER, -DJOIN, -DOPEN_CLAIM a fellow's claim, -DSTOPPED the reader may stop,
 *          -DDEAD_EVICTOR whoever evicts may die before its membarrier: repair, by the next one (or by the broker), begins with
 *          a membarrier, and the claim begins anew, with the limit as it was,
 *          -DFENCES_FULL no membarrier: reader (after the pin), joiner and publisher fence.
 * Reach    -DREACH_EVICTED, -DREACH_HELD, -DREACH_WITHDRAWN, -DREACH_EVICTED_JOINER (-DJOIN): must fail; a seat is evicted,
 *          it holds messages then, a pin is withdrawn, a joiner finds itself evicted.
 * Mutants (each must fail)
 *   -DREADER -DMUTANT_NO_MEMBARRIER    the evictor does without it.
 *   -DREADER -DDEAD_EVICTOR -DMUTANT_REPAIR_UNFENCED  repair has no membarrier.
 *   -DREADER -DMUTANT_MEMBARRIER_FIRST  its membarrier comes before the state.
 *   -DREADER -DMUTANT_PINS_FIRST       it reads no pins after it has evicted.
 *   -DREADER -DMUTANT_PINS_DROPPED     it does not count the pins of an evicted seat.
 *   -DREADER -DMUTANT_NO_PIN           the reader takes what its cursor stands at for safe.
 *   -DREADER -DMUTANT_CHECK_FIRST      the reader looks at its state before it pins only.
 *   -DREADER -DMUTANT_CURSOR_FIRST     its cursor moves on before it has pinned.
 *   -DREADER -DMUTANT_WORD_ONLY        it goes by a word (a skip's) without a look at its state.
 *   -DREADER -DMUTANT_BLIND_MISS       it does not look at its state on a miss.
 *   -DREADER -DSTOPPED -DMUTANT_NO_EVICT  nobody is evicted: a reader that has stopped blocks the channel.
 *   -DREADER -DOPEN_CLAIM -DMUTANT_ANY_GATE  whoever is gated, by whatever, evicts the lowest seat.
 *   -DJOIN -DMUTANT_NO_LOOP            the joiner does not look at the tail again.
 *   -DJOIN -DMUTANT_JOIN_UNFENCED      the joiner does without its membarrier.
 */
#ifndef N
#define N 5
#endif
#ifndef MAXPOS
#define MAXPOS 6
#endif
#define STRIDE 2
#define RESERVE 1
#define OTHER(p) (128 + (p))
#define NO_GATE 100
#define SKIP 8
#define PIN_OF(p, s) ((s) * 16 + (p) % N)

byte word[N];
byte wrote[N];                          /* ghost: position last stored as a word (p) or as payload (OTHER(p)) */
byte tail = 0;
#define FREE 0
#define IS_RELIABLE 1
#define EVICTED 2
byte state = FREE, cursor = 0;
byte pin[2];
byte open_claim = NO_GATE;
bool changed = false;
byte end_of_all = NO_GATE;

mtype = { CURSOR, PIN, STATE };
chan reader_buffer = [2] of { mtype, byte, byte };
chan publisher_buffer = [1] of { byte };        /* tails */

inline drain_reader() {
  d_step {
    reader_buffer ? kind, a, b;
    if
    :: kind == CURSOR -> cursor = b
    :: kind == PIN -> pin[a] = b
    :: kind == STATE -> state = b
    fi;
    changed = true;
    kind = 0; a = 0; b = 0
  }
}
inline drain_publisher() { d_step { publisher_buffer ? a; tail = a; a = 0 } }
inline drain_all() {
  atomic {
    do :: len(publisher_buffer) > 0 -> drain_publisher() :: else -> break od;
    do :: len(reader_buffer) > 0 -> drain_reader() :: else -> break od
  }
}
#define PUBLISHER_DRAINED (len(publisher_buffer) == 0)
#define READER_DRAINED    (len(reader_buffer) == 0)

proctype store_buffers() {
  mtype kind;
  byte a, b;
end:
  do
  :: drain_publisher()
  :: drain_reader()
  od
}

#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define MAX(a, b) ((a) > (b) -> (a) : (b))

inline read_pins() {
  seen[0] = pin[0];
  seen[1] = pin[1];
#ifdef MUTANT_PINS_DROPPED
  if :: state == EVICTED -> seen[0] = 0; seen[1] = 0 :: else fi;
#endif
}

inline image(k, p) {
  a = seen[k] % 16; z = seen[k] / 16;
  if :: z == 0 -> a = 200 :: else -> do :: a + z <= (p) -> a = a + N :: else -> break od fi
}

inline plan() {
  d_step {
    place = head; k = 0;
    do
    :: k > 1 -> break
    :: else ->
       image(k, place);
       if :: a < place + s + RESERVE -> place = a + z; k = 0 :: else -> k++ fi;
       if :: place + s + RESERVE > head + N -> break :: else fi
    od;
    need = place + s + RESERVE;
    k = 0; a = 0; z = 0
  }
}

/* g: the lowest cursor that gates; m: with open claims */
inline look_at_gates() {
  g = state;
  if :: g == IS_RELIABLE -> g = cursor :: else -> g = NO_GATE fi;
  m = MIN(g, open_claim)
}

inline refresh() {
  look_at_gates();
#ifndef MUTANT_NO_EVICT
  if
#ifdef MUTANT_ANY_GATE
  :: m + N < need && state == IS_RELIABLE ->
#else
  :: g + N < need ->
#endif
     assert(g + N < need);                                                      /* P3 */
#ifdef MUTANT_MEMBARRIER_FIRST
     drain_all();
#endif
     PUBLISHER_DRAINED;                 /* the compare-and-swap drains */
     atomic {
       if
       :: state == IS_RELIABLE ->
          state = EVICTED;
#ifdef REACH_EVICTED
          assert(false);
#endif
#ifdef REACH_HELD
          assert(pin[0] == 0 || pin[1] == 0);
#endif
       :: else
       fi
     };
#ifdef DEAD_EVICTOR
     if :: !died -> died = true; goto dead :: true fi;
#endif
#if !defined(MUTANT_NO_MEMBARRIER) && !defined(MUTANT_MEMBARRIER_FIRST) && !defined(FENCES_FULL)
     drain_all();
#endif
     look_at_gates()
  :: else
  fi;
#endif
  atomic {
    next_limit = MIN(MAX(head + STRIDE, need), m + N);
    do
    :: my_tail + N < next_limit && my_tail < head -> my_tail = my_tail + size[my_tail % N] % SKIP
    :: else -> break
    od;
    next_limit = MIN(next_limit, my_tail + N)
  };
#ifdef JOIN
  publisher_buffer ! my_tail;
#ifdef FENCES_FULL
  PUBLISHER_DRAINED;
#endif
  look_at_gates();
  next_limit = MIN(next_limit, m + N);
#endif
  limit = MAX(limit, next_limit);
  g = 0; next_limit = 0
}

proctype publisher() {
  byte head = 0, limit = 0, usable = 0, my_tail = 0;
  byte size[N];
  byte seen[2];
  byte s, place, need, asked, m, g, next_limit, k, a, b, z;
  mtype kind;
#ifdef DEAD_EVICTOR
  bool died = false;
#endif
  do
  :: head >= MAXPOS -> break
  :: else ->
     if :: s = 1 :: s = 2 fi;
     if
     :: head + s + RESERVE <= usable -> place = head
     :: else ->
again:  atomic { changed = false; asked = 0 };
        do
        ::
#ifdef MUTANT_PINS_FIRST
           if :: asked == 0 -> read_pins() :: else fi;
#else
           read_pins();
#endif
           plan();
           if
           :: need > head + N -> m = 0; need = 0; place = 0; changed; goto again        /* no place */
           :: need <= head + N && need <= limit -> break
           :: need <= head + N && need > limit && need <= asked ->                      /* gated */
              m = 0; need = 0; place = 0; changed; goto again
           :: else -> asked = need; refresh()
           fi
        od;
#ifdef DEAD_EVICTOR
        if
        :: true -> goto covered
        :: false ->
dead:      atomic { usable = 0; place = 0; need = 0; asked = 0; m = 0; g = 0; seen[0] = 0; seen[1] = 0 };
#if !defined(MUTANT_REPAIR_UNFENCED) && !defined(FENCES_FULL)
           drain_all();                 /* repair, first thing */
#endif
           goto again
        fi;
covered:
#endif
        atomic {
          usable = limit; k = 0;
          do :: k > 1 -> break :: else -> image(k, place); usable = MIN(usable, a); k++ od;
          k = 0; a = 0; z = 0; asked = 0; need = 0; m = 0
        }
     fi;
     d_step {
       seen[0] = 0; seen[1] = 0;
       if
       :: place > head ->
          word[place % N] = 0; wrote[place % N] = place;
          word[head % N] = SKIP + place - head; wrote[head % N] = head;
          size[head % N] = SKIP + place - head; head = place
       :: else
       fi
     };
     d_step {
       word[(head + s) % N] = 0; wrote[(head + s) % N] = head + s;
       if :: s == 2 -> word[(head + 1) % N] = SKIP + 1; wrote[(head + 1) % N] = OTHER(head + 1) :: else fi;
       word[head % N] = s; wrote[head % N] = head;
       size[head % N] = s; head = head + s; s = 0; place = 0
     }
  od;
  usable = 0; limit = 0; end_of_all = head
}

#define INTACT(p, s) (wrote[(p) % N] == (p) && word[(p) % N] == (s) && ((s) < 2 || wrote[((p) + 1) % N] == OTHER((p) + 1)))

#ifdef READER
inline release(k) {
  atomic { assert(INTACT(pos[k], size[k])); reader_buffer ! PIN, k, 0; pos[k] = 0; size[k] = 0 }
}

proctype reader() {
  byte next = 0, w, v, k;
  byte stored_for;                      /* ghost */
  byte pos[2], size[2];
  do
  :: size[0] == 0 || size[1] == 0 ->
     atomic { w = word[next % N]; stored_for = wrote[next % N] };
     v = state;
#ifdef MUTANT_WORD_ONLY
     if :: w > SKIP -> v = IS_RELIABLE :: else fi;
#endif
     if
     :: v == EVICTED -> break
     :: v != EVICTED && w == 0 ->
        if
        :: next == end_of_all -> break
        :: word[next % N] > 0
#ifndef MUTANT_BLIND_MISS
        :: state == EVICTED
#endif
        :: size[0] + size[1] > 0        /* does something else */
        fi
     :: v != EVICTED && w > SKIP ->
        assert(stored_for == next);                                             /* P2 */
        next = next + w - SKIP;
        reader_buffer ! CURSOR, 0, next
     :: v != EVICTED && w > 0 && w < SKIP ->
        assert(stored_for == next);                                             /* P2 */
        k = (size[0] == 0 -> 0 : 1);
#ifdef MUTANT_CURSOR_FIRST
        reader_buffer ! CURSOR, 0, next + w;
#endif
#ifdef MUTANT_CHECK_FIRST
        v = state;
#endif
#ifndef MUTANT_NO_PIN
        reader_buffer ! PIN, k, PIN_OF(next, w);
#endif
#ifdef FENCES_FULL
        READER_DRAINED;
#endif
#ifndef MUTANT_CHECK_FIRST
        v = state;
#endif
        if
        :: v == EVICTED ->
#ifdef REACH_WITHDRAWN
           assert(false);
#endif
           reader_buffer ! PIN, k, 0;
           break
        :: else ->
           atomic {
             assert(INTACT(next, w));                                           /* P1 */
             pos[k] = next; size[k] = w; next = next + w; w = 0; k = 0; v = 0
           };
#ifndef MUTANT_CURSOR_FIRST
           reader_buffer ! CURSOR, 0, next
#endif
        fi
     fi;
     atomic { w = 0; v = 0; k = 0; stored_for = 0 }
  :: size[0] > 0 -> release(0)
  :: size[1] > 0 -> release(1)
#ifdef STOPPED
  :: size[0] + size[1] == 0 -> goto stopped
#endif
  od;
  atomic { next = 0; w = 0; v = 0; k = 0; stored_for = 0 };
  do                                    /* what it holds is good although it has been evicted */
  :: size[0] > 0 -> release(0)
  :: size[1] > 0 -> release(1)
  :: size[0] + size[1] == 0 -> break
  od;
stopped:
  skip
}
#endif

#ifdef JOIN
#ifdef FENCES_FULL
#define MEMBARRIER READER_DRAINED
#else
#define MEMBARRIER drain_all()
#endif
proctype joiner() {
  byte x, t, w, a, b;
  mtype kind;
  x = tail;
  reader_buffer ! CURSOR, 0, x;
  reader_buffer ! STATE, 0, IS_RELIABLE;
  do
  ::
#ifndef MUTANT_JOIN_UNFENCED
     MEMBARRIER;
#endif
#ifdef MUTANT_NO_LOOP
     break;
#endif
     w = state;
     t = tail;
     if
     :: w == EVICTED ->                 /* its first receive says so */
#ifdef REACH_EVICTED_JOINER
        assert(false);
#endif
        break
     :: w != EVICTED && t <= x -> break
     :: else -> x = t; reader_buffer ! CURSOR, 0, x
     fi
  od;
  atomic { w = wrote[x % N]; t = state };
  assert(t == EVICTED || w == x);                                               /* P5 */
  atomic { x = 0; w = 0; t = 0 };
  reader_buffer ! STATE, 0, FREE
}
#endif

init {
  byte i = 0;
  atomic {
    do :: i < N -> wrote[i] = 255; i++ :: else -> break od;
    wrote[0] = 0; i = 0;
#ifdef READER
    state = IS_RELIABLE; run reader();
#endif
#ifdef JOIN
    run joiner();
#endif
    run store_buffers();
    run publisher()
  };
#ifdef OPEN_CLAIM
  open_claim = 0;                       /* a fellow's, at the beginning of the ring, for a while */
  atomic { open_claim = NO_GATE; changed = true }
#endif
}
